import { play } from "./play.ts";
import { localRow, type Row } from "./row.ts";
import type { Stage } from "./stage.ts";
import { judge, openSite, type Setting, type Verdict } from "./trial.ts";

const PROCESSES = 8;

export const CROWD_ROW: Row = localRow(`${PROCESSES} processes on one directory`, { index: 1 }, crowd);

/** All of them build, test and vet the same module at once; with an empty bucket, all of them put the same entries. */
async function crowd(stage: Stage, setting: Setting): Promise<Verdict> {
  const bucket = await stage.newBucket(setting.layout, setting.mode === "direct" ? "nothing" : "stock");
  await using site = await openSite(stage, { ...setting, bucket });
  const outs = Array.from({ length: PROCESSES }, (_, index) => `${site.out}-${index}`);
  const rounds = await Promise.all(outs.map((out) => play(site.machine, stage.project, out)));
  return { ...(await judge(stage, site, rounds)), alone: { rounds: PROCESSES } };
}
