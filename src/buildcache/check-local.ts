/**
 * Checks a cache directory: the name of each output must be its SHA-256, and each record must name an output that
 * exists.
 */
import { hashFile } from "../lib/files/hash-file.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { readSmallFile } from "../lib/files/small-file.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { IdTable } from "../lib/id-table.ts";
import { ObjectSum } from "../lib/object-sum.ts";
import type { OnProgress } from "../lib/progress.ts";
import type { CheckOptions } from "../store/finding.ts";
import { ACTION_DIR, type LocalDir, OUTPUT_DIR } from "../store/local/local-dir.ts";
import { MAX_RECORD_BYTES, parseActionRecord } from "./action-record.ts";
import { listIds } from "./list-ids.ts";

export interface LocalCheckReport {
  outputs: ObjectSum;
  records: number;
}

type LocalCheckOptions = CheckOptions & {
  dir: LocalDir;
  onProgress?: OnProgress | undefined;
  signal: AbortSignal;
};

/** Other processes may use the directory meanwhile, so files that appear or disappear are not findings. */
export async function checkLocal(options: LocalCheckOptions): Promise<LocalCheckReport> {
  const outputs = new ObjectSum();
  const wrong = new IdTable();
  for (const id of listIds(options.dir, OUTPUT_DIR)) {
    const sizeBytes = await checkOutput(id, options, wrong);
    if (sizeBytes === undefined) continue;
    outputs.add(sizeBytes);
    options.onProgress?.({ stage: "reading local outputs", done: outputs.count, total: undefined });
  }
  let records = 0;
  for (const id of listIds(options.dir, ACTION_DIR)) {
    if (checkRecord(id, options, wrong)) records++;
    options.onProgress?.({ stage: "reading local records", done: records, total: undefined });
  }
  return { outputs, records };
}

/** The output's size; `undefined` if the file no longer exists. */
async function checkOutput(
  id: string,
  { dir, isRepairing, onFinding, signal }: LocalCheckOptions,
  wrong: IdTable,
): Promise<number | undefined> {
  const path = dir.path(OUTPUT_DIR, id);
  const before = statPlainFile(path);
  const sha256 = await hashFile(path, signal);
  signal.throwIfAborted();
  const after = statPlainFile(path);
  if (before === undefined || after === undefined) return undefined;
  // A put replaced it; the next check reads it.
  if (sha256 === id || before.ino !== after.ino || before.mtimeMs !== after.mtimeMs) return after.size;
  wrong.set(id);
  const isRemoved = isRepairing && removeFile(path);
  const what = sha256 === undefined ? "it can't be read" : `its bytes have the SHA-256 ${sha256}`;
  onFinding({ where: path, what, isRemoved });
  return after.size;
}

/** Whether the record exists. */
function checkRecord(
  id: string,
  { dir, isRepairing, onFinding }: LocalCheckOptions,
  wrong: IdTable,
): boolean {
  const path = dir.path(ACTION_DIR, id);
  const text = readText(path);
  if (text === undefined) return statPlainFile(path) !== undefined;
  const what = faultOf(dir, text, wrong);
  // Pruning removes the record before the output, so the record may be gone by now.
  if (what !== undefined && readText(path) === text)
    onFinding({ where: path, what, isRemoved: isRepairing && removeFile(path) });
  return true;
}

function faultOf(dir: LocalDir, text: string, wrong: IdTable): string | undefined {
  const record = parseActionRecord(text);
  if (record === undefined) return "not an action record";
  const { outputId, sizeBytes } = record;
  const stat = statPlainFile(dir.path(OUTPUT_DIR, outputId));
  if (outputId.length === 64 && wrong.has(outputId)) return `its output ${outputId} is wrong`;
  if (stat === undefined) return `its output ${outputId} is missing`;
  return stat.size === sizeBytes
    ? undefined
    : `its output ${outputId} has ${stat.size} bytes, not ${sizeBytes}`;
}

function readText(path: string): string | undefined {
  try {
    return readSmallFile(path, MAX_RECORD_BYTES).toString("latin1");
  } catch {
    return undefined;
  }
}
