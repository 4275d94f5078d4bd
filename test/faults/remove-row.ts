/** The cache directory is removed while go builds with its files. */
import { rmSync } from "node:fs";
import { startGo } from "../support/go-toolchain.ts";
import { insist } from "./insist.ts";
import { play } from "./play.ts";
import { type Random, randomMoment } from "./random.ts";
import { type Case, type Row, SETTINGS } from "./row.ts";
import type { Stage } from "./stage.ts";
import { judge, openSite, type Setting, type Verdict } from "./trial.ts";

export const REMOVE_ROW: Row = {
  fault: "cache directory removed",
  // The bucket of the split layout has only the module, and the standard library takes long to compile.
  cases: {
    full: SETTINGS.map(removeCase),
    short: [
      removeCase({ layout: "packed", mode: "serve" }),
      removeCase({ layout: "packed", mode: "direct" }),
    ],
  },
};

function removeCase(setting: Setting): Case {
  return {
    what: `${setting.layout}, ${setting.mode}`,
    run: (stage, random) => remove(stage, setting, random),
  };
}

/** The running build may fail, as with go's own cache, since files that go got are gone; later builds may not. */
async function remove(stage: Stage, setting: Setting, random: Random): Promise<Verdict> {
  await using site = await openSite(stage, setting);
  await using building = await startGo(site.machine, ["build", "./..."], { cwd: stage.project });
  await randomMoment(random, stage.reference.seconds / 3);
  await insist(() => rmSync(site.machine.cacheDir, { recursive: true, force: true }));
  await building.outcome;
  const verdict = await judge(stage, site, [await play(site.machine, stage.project, site.out)]);
  return { ...verdict, alone: { isCold: true } };
}
