import { type Stats, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { listIds } from "../../buildcache/list-ids.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { ACTION_DIR, LocalDir, OUTPUT_DIR, STATE_DIR, TEMP_DIR } from "../../store/local/local-dir.ts";
import type { Check, Finding, Subject } from "./check.ts";

/** Less is gone within one build. */
const LITTLE_BYTES = 1 << 30;
/** The time to measure the outputs. */
const MEASURE_MS = 1_000;

/** Types of file systems on which every lookup is a round trip (`statfs(2)`). */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "SMB"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x01021997, "9P"],
]);

/** Who owns the cache directory, whether it can be written, how much it holds and how much room the disk has. */
export const cacheDirectory: Check = {
  name: "cache directory",
  run: ({ dir, config }: Subject): Finding[] => {
    const refusal: Finding[] =
      dir.refusal === undefined
        ? []
        : [
            {
              severity: "warning",
              message: dir.refusal,
              remedy:
                "choose another with --cache-dir, or give that one back to this user (chown, chmod go-w)",
            },
          ];
    const trouble = writeTrouble(dir.root);
    if (trouble !== undefined) return [...refusal, trouble];
    return [...refusal, ...devices(dir.root), ...space(dir.root, config.maxSizeBytes)];
  },
};

function writeTrouble(root: string): Finding | undefined {
  try {
    const file = new LocalDir(root).createTemp();
    try {
      file.write(Buffer.alloc(1));
    } finally {
      file.discard();
    }
    return undefined;
  } catch (error) {
    return {
      severity: "error",
      message: `${root} can't be written (${describeError(error)}), so files go to a temporary directory, if one works`,
      remedy: "give this user the right to write there, make room, or choose another with --cache-dir",
    };
  }
}

/** Files are made in one part and renamed into another, which only works on one device. */
function devices(root: string): Finding[] {
  const parts = [TEMP_DIR, ACTION_DIR, OUTPUT_DIR, STATE_DIR].map((part) => join(root, part));
  const own = look(root)?.dev;
  const foreign = parts.filter((part) => (look(part)?.dev ?? own) !== own);
  const network = NETWORK_TYPES.get(statfsSync(root).type);
  const findings: Finding[] = [];
  if (foreign.length > 0) {
    findings.push({
      severity: "error",
      message: `${foreign.join(", ")} is on another device than ${root}: files can't be renamed into place`,
      remedy: "mount the whole directory, or none of it",
    });
  }
  if (network !== undefined) {
    findings.push({
      severity: "warning",
      message: `${root} is on a network file system (${network}): a build waits for it thousands of times`,
      remedy: "--cache-dir on a local disk, and --bucket=file:///… for what is shared",
    });
  }
  return findings;
}

function space(root: string, maxSizeBytes: number): Finding[] {
  const { bavail, bsize } = statfsSync(root);
  const freeBytes = bavail * bsize;
  const { sizeBytes, isWhole } = measure(new LocalDir(root));
  const size = `${isWhole ? "" : "at least "}${formatByteSize(sizeBytes)} of outputs`;
  const limit = maxSizeBytes === 0 ? "no limit" : `limit ${formatByteSize(maxSizeBytes)}`;
  const message = `${root}: ${size}, ${limit}, ${formatByteSize(freeBytes)} free on the disk`;
  const data = { path: root, freeBytes, maxSizeBytes, sizeBytes };
  if (freeBytes < LITTLE_BYTES) {
    return [{ severity: "warning", message, remedy: "make room, or set a smaller --max-size", data }];
  }
  const canFill = maxSizeBytes === 0 || maxSizeBytes - sizeBytes > freeBytes;
  if (!canFill) return [{ severity: "ok", message, data }];
  return [
    {
      severity: "note",
      message: `${message}: the disk would be full before the limit is reached`,
      remedy: "set a smaller --max-size",
      data,
    },
  ];
}

/** The size of the outputs, or of as many as can be measured in `MEASURE_MS`. */
function measure(dir: LocalDir): { sizeBytes: number; isWhole: boolean } {
  const startedMs = performance.now();
  let sizeBytes = 0;
  for (const id of listIds(dir, OUTPUT_DIR)) {
    sizeBytes += statPlainFile(dir.path(OUTPUT_DIR, id))?.size ?? 0;
    if (performance.now() - startedMs > MEASURE_MS) return { sizeBytes, isWhole: false };
  }
  return { sizeBytes, isWhole: true };
}

function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
