import { readSmallFile } from "../lib/files/small-file.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { ACTION_DIR, type LocalDir, OUTPUT_DIR } from "../store/local/local-dir.ts";
import { MAX_RECORD_BYTES, parseActionRecord } from "./action-record.ts";
import { listIds } from "./list-ids.ts";

/** The records and outputs of a cache directory that match an id. */
export interface LocalFinds {
  actions: {
    path: string;
    /** `undefined`: it can't be read. */
    record: { outputId: string; sizeBytes: number } | undefined;
    outputPath: string | undefined;
    /** Whether the output exists with the recorded size. */
    isWhole: boolean;
  }[];
  outputs: { path: string; sizeBytes: number; usedMs: number }[];
}

/** Finds the files with ids that begin with `id`: at least two hex digits. */
export function findLocally(dir: LocalDir, id: string): LocalFinds {
  const outputs = [...listIds(dir, OUTPUT_DIR, id)].flatMap((outputId) => {
    const path = dir.path(OUTPUT_DIR, outputId);
    const stat = statPlainFile(path);
    return stat === undefined ? [] : [{ path, sizeBytes: stat.size, usedMs: stat.mtimeMs }];
  });
  const actions = [...listIds(dir, ACTION_DIR, id)].map((actionId) => findAction(dir, actionId));
  return { actions, outputs };
}

function findAction(dir: LocalDir, actionId: string): LocalFinds["actions"][number] {
  const path = dir.path(ACTION_DIR, actionId);
  const record = readRecord(path);
  const outputPath = record && dir.path(OUTPUT_DIR, record.outputId);
  const isWhole = outputPath !== undefined && statPlainFile(outputPath)?.size === record?.sizeBytes;
  return { path, record, outputPath, isWhole };
}

function readRecord(path: string) {
  try {
    return parseActionRecord(readSmallFile(path, MAX_RECORD_BYTES).toString("latin1"));
  } catch {
    return undefined;
  }
}
