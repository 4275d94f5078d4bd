/** SIGKILL at random moments, with one cache directory that stays in use. */
import { go, startGo } from "../support/go-toolchain.ts";
import { type Outcome, run, signalIfThere } from "../support/process.ts";
import { helpersOf } from "../support/settled.ts";
import { faultModule } from "./fault-module.ts";
import { linesOf, play } from "./play.ts";
import { type Random, randomMoment } from "./random.ts";
import { type Case, type Row, SETTINGS, shortCases } from "./row.ts";
import type { Stage } from "./stage.ts";
import { judge, openSite, type Setting, type Site, type Verdict } from "./trial.ts";

const KILLS = { full: 50, short: 2 };
const PACKAGES = 6;

export const KILL_ROW: Row = {
  fault: "SIGKILL",
  cases: {
    full: SETTINGS.map((setting) => killCase(setting, KILLS.full)),
    short: shortCases(2, (setting) => killCase(setting, KILLS.short)),
  },
};

function killCase(setting: Setting, kills: number): Case {
  return {
    what: `${kills} × ${setting.layout}, ${setting.mode}`,
    run: (stage, random) => killTimes(kills, stage, setting, random),
  };
}

/** Builds the same again after each kill, and finally the stage's module. */
async function killTimes(kills: number, stage: Stage, setting: Setting, random: Random): Promise<Verdict> {
  const bucket = await stage.newBucket(setting.layout, "nothing");
  // The server may be killed before go's helper has connected to it.
  await using site = await openSite(stage, { ...setting, bucket, connectFlags: ["--fallback"] });
  const exitCodes: number[] = [];
  const wrong: string[] = [];
  const sessions: string[][] = [];
  let usualSeconds = 1;
  for (let kill = 0; kill < kills; kill++) {
    const text = `kill ${kill}`;
    const cwd = faultModule(stage.dir.join(bucket.bucket, text), {
      name: "killed",
      packages: PACKAGES,
      text,
    });
    const survivor = await killed(site, cwd, random, usualSeconds);
    if (survivor !== undefined) exitCodes.push(survivor.exitCode);
    if (survivor !== undefined && survivor.exitCode !== 0) sessions.push(linesOf(survivor.stderr));
    const { exitCode, stderr, elapsedMs } = await go(site.machine, ["build", "-o", site.out, "."], { cwd });
    usualSeconds = Math.max(usualSeconds, elapsedMs / 1000);
    exitCodes.push(exitCode);
    sessions.push(linesOf(stderr));
    const { stdout } = await run([site.out]);
    if (!stdout.startsWith(`killed ${text} `)) wrong.push(`the program of ${text}`);
  }
  const verdict = await judge(stage, site, [await play(site.machine, stage.project, site.out)]);
  return {
    ...verdict,
    exitCodes: [...exitCodes, ...verdict.exitCodes],
    wrong: [...wrong, ...verdict.wrong],
    stderrLines: Math.max(verdict.stderrLines, ...sessions.map(({ length }) => length)),
    notes: [...sessions.flat(), ...verdict.notes],
    runs: kills,
  };
}

/** Builds `cwd` and kills a process meanwhile. Returns the outcome of the build if the kill must not affect it. */
async function killed(
  site: Site,
  cwd: string,
  random: Random,
  seconds: number,
): Promise<Outcome | undefined> {
  await using building = await startGo(site.machine, ["build", "-o", "/dev/null", "."], { cwd });
  await randomMoment(random, seconds);
  const { server } = site;
  if (server !== undefined && random() < 0.5) {
    server.signal("SIGKILL");
    const outcome = await building.outcome;
    await server.outcome;
    await site.restartServer();
    return outcome;
  }
  if (random() < 0.5) for (const pid of helpersOf(site.machine)) signalIfThere(pid, "SIGKILL");
  else building.signal("SIGKILL");
  await building.outcome;
  return undefined;
}
