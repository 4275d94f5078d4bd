/**
 * The actions that pruning has removed from this machine, for `explain`: `state/pruned`, the first eight bytes of each
 * id, the newest first.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

const ID_BYTES = 8;
/** How many are remembered. */
export const MAX_PRUNED_IDS = 65_536;

/** `root`: the cache directory. Never throws: it is only for an explanation. */
export function notePruned(root: string, actionIds: readonly string[]): void {
  const shortIds = actionIds.map(shortId).filter((id) => id.length === 2 * ID_BYTES);
  if (shortIds.length === 0) return;
  const news = Buffer.from(shortIds.join(""), "hex");
  try {
    replaceFile(prunedPath(root), Buffer.concat([news, load(root)]).subarray(0, MAX_PRUNED_IDS * ID_BYTES));
  } catch {
    // A disk that takes nothing.
  }
}

/** Tells whether an action was removed, as far as is remembered. */
export function prunedActions(root: string): (actionId: string) => boolean {
  const text = load(root).toString("hex");
  const ids = new Set(Array.from({ length: text.length / (2 * ID_BYTES) }, (_, at) => idAt(text, at)));
  return (actionId) => ids.has(shortId(actionId));
}

function idAt(text: string, at: number): string {
  return text.slice(at * 2 * ID_BYTES, (at + 1) * 2 * ID_BYTES);
}

function shortId(actionId: string): string {
  return actionId.slice(0, 2 * ID_BYTES);
}

function load(root: string): Buffer {
  try {
    return readFileSync(prunedPath(root));
  } catch {
    return Buffer.alloc(0);
  }
}

function prunedPath(root: string): string {
  return join(root, STATE_DIR, "pruned");
}
