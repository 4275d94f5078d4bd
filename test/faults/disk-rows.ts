/** What can go wrong with the cache directory. */
import { FullDisk } from "../support/full-disk.ts";
import { insist } from "./insist.ts";
import { randomMoment } from "./random.ts";
import { localRow, type Row } from "./row.ts";
import { trial } from "./trial.ts";

const MIB = 1 << 20;

export const DISK_ROWS: Row[] = [
  localRow("disk full", { index: 0, times: 2 }, async (stage, setting, random) => {
    using disk = new FullDisk(stage.used.bytes + MIB / 4 + Math.floor(random() * 2 * MIB));
    return await trial(stage, { ...setting, home: disk.path });
  }),
  localRow("no inodes", { index: 1, times: 2 }, async (stage, setting, random) => {
    using disk = new FullDisk(
      64 * MIB + stage.used.bytes,
      stage.used.files + 20 + Math.floor(random() * 200),
    );
    return await trial(stage, { ...setting, home: disk.path });
  }),
  localRow("directory turns read-only", { index: 0, times: 2 }, async (stage, setting, random) => {
    using disk = new FullDisk(64 * MIB + stage.used.bytes);
    return await trial(stage, { ...setting, home: disk.path }, async () => {
      await randomMoment(random, stage.reference.seconds);
      await insist(() => disk.makeReadOnly());
    });
  }),
  localRow("EMFILE", { index: 0, times: 3 }, (stage, setting, random) => {
    const descriptors = 24 + Math.floor(random() * 24);
    return trial(stage, { ...setting, wrapper: ["sh", "-c", `ulimit -n ${descriptors}; exec "$0" "$@"`] });
  }),
];
