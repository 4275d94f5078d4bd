/** Faults of the cache directory. */
import { FullDisk } from "../support/full-disk.ts";
import { insist } from "./insist.ts";
import { randomMoment } from "./random.ts";
import { localRow, type Row } from "./row.ts";
import type { Stage } from "./stage.ts";
import { type Setting, trial, type Verdict } from "./trial.ts";

const MIB = 1 << 20;
/** The size of a disk with room for a machine and its module. */
const ROOMY = 1 << 30;

export const DISK_ROWS: Row[] = [
  localRow("disk full", { index: 0, times: 2 }, async (stage, setting, random) => {
    return await onSmallDisk(stage, setting, { bytes: random() * (MIB / 2), inodes: 1 << 20 });
  }),
  localRow("no inodes", { index: 1, times: 2 }, async (stage, setting, random) => {
    return await onSmallDisk(stage, setting, { bytes: ROOMY, inodes: random() * 100 });
  }),
  localRow("directory turns read-only", { index: 2, times: 2 }, async (stage, setting, random) => {
    using disk = new FullDisk(ROOMY);
    return await trial(stage, { ...setting, home: disk.path }, async () => {
      await randomMoment(random, stage.reference.seconds);
      await insist(() => disk.makeReadOnly());
    });
  }),
  localRow("EMFILE", { index: 3, times: 3 }, (stage, setting, random) => {
    const descriptors = 24 + Math.floor(random() * 24);
    return trial(stage, { ...setting, wrapper: ["sh", "-c", `ulimit -n ${descriptors}; exec "$0" "$@"`] });
  }),
];

/** On a disk with less room at the start of go than the smallest module needs. */
async function onSmallDisk(
  stage: Stage,
  setting: Setting,
  left: { bytes: number; inodes: number },
): Promise<Verdict> {
  using disk = new FullDisk(ROOMY);
  const verdict = await trial(stage, { ...setting, home: disk.path }, async () =>
    disk.leave(Math.floor(left.bytes), Math.floor(left.inodes)),
  );
  if (!verdict.notes.some((line) => line.includes("ENOSPC"))) throw new Error("the disk was never full");
  return verdict;
}
