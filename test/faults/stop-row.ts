/** SIGSTOP: one process is stopped while others on the machine continue. */
import { eventually } from "../support/eventually.ts";
import { signalIfThere } from "../support/process.ts";
import { helpersOf } from "../support/settled.ts";
import { play } from "./play.ts";
import { type Random, randomMoment } from "./random.ts";
import { type Case, type Row, SETTINGS, shortCases } from "./row.ts";
import type { Stage } from "./stage.ts";
import { judge, openSite, type Setting, type Site, type Verdict } from "./trial.ts";

const STOP_SECONDS = { full: 20, short: 3 };

export const STOP_ROW: Row = {
  fault: `SIGSTOP for ${STOP_SECONDS.full} s`,
  cases: {
    full: SETTINGS.map((setting) => stopCase(setting, STOP_SECONDS.full)),
    short: shortCases(0, (setting) => stopCase(setting, STOP_SECONDS.short)),
  },
};

function stopCase(setting: Setting, seconds: number): Case {
  return {
    what: `${seconds} s, ${setting.layout}, ${setting.mode}`,
    run: (stage, random) => stopOnce(seconds, stage, setting, random),
  };
}

async function stopOnce(seconds: number, stage: Stage, setting: Setting, random: Random): Promise<Verdict> {
  // If the machine was busier while the reference was measured, the rounds may end before.
  for (let limitSeconds = stage.reference.seconds / 2; ; limitSeconds /= 2) {
    const verdict = await tryStop(seconds, stage, setting, () => randomMoment(random, limitSeconds));
    if (verdict !== undefined) return verdict;
  }
}

/**
 * Two rounds at once. In direct mode the helper of one is stopped, and the other must not wait for it. `undefined`: the
 * rounds ended before a process was stopped.
 */
async function tryStop(
  seconds: number,
  stage: Stage,
  setting: Setting,
  wait: () => Promise<void>,
): Promise<Verdict | undefined> {
  await using site = await openSite(stage, setting);
  const outs = [site.out, `${site.out}-2`];
  const rounds = Promise.all(outs.map((out) => play(site.machine, stage.project, out)));
  let isOver = false;
  void rounds.finally(() => {
    isOver = true;
  });
  await wait();
  const pid = await eventually("somebody stands still", () => (isOver ? 0 : stopSomebody(site)));
  if (pid === 0) {
    await rounds;
    return undefined;
  }
  await Bun.sleep(seconds * 1000);
  signalIfThere(pid, "SIGCONT");
  const played = await rounds;
  if (setting.mode === "direct") {
    const slowest = played.toSorted((a, b) => b.seconds - a.seconds)[0];
    if (slowest !== undefined) slowest.seconds -= seconds;
  }
  return { ...(await judge(stage, site, played)), alone: { rounds: played.length } };
}

/** Stops the server, or a helper if there is one. */
function stopSomebody(site: Site): number | undefined {
  const pids = site.server === undefined ? helpersOf(site.machine) : [site.server.pid];
  return pids.find((pid) => signalIfThere(pid, "SIGSTOP"));
}
