/**
 * The actions that pruning has removed from this machine, for `explain`: `state/pruned`, the first eight bytes of each
 * id, the newest first.
 */
import { join } from "node:path";
import { BYTES, StateFile } from "../../lib/files/state-file.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

const ID_BYTES = 8;
const NONE = new Uint8Array();
/** How many are remembered. */
export const MAX_PRUNED_IDS = 65_536;

/** `root`: the cache directory. Never throws: it is only for an explanation. */
export function notePruned(root: string, actionIds: readonly string[]): void {
  const shortIds = actionIds.map(shortId).filter((id) => id.length === 2 * ID_BYTES);
  if (shortIds.length === 0) return;
  const file = prunedFile(root);
  const ids = Buffer.concat([Buffer.from(shortIds.join(""), "hex"), file.load() ?? NONE]);
  file.save(ids.subarray(0, MAX_PRUNED_IDS * ID_BYTES));
}

/** Whether an action was removed, as far as the file remembers. */
export function prunedActions(root: string): (actionId: string) => boolean {
  const text = Buffer.from(prunedFile(root).load() ?? NONE).toString("hex");
  const ids = new Set(Array.from({ length: text.length / (2 * ID_BYTES) }, (_, at) => idAt(text, at)));
  return (actionId) => ids.has(shortId(actionId));
}

function idAt(text: string, at: number): string {
  return text.slice(at * 2 * ID_BYTES, (at + 1) * 2 * ID_BYTES);
}

function shortId(actionId: string): string {
  return actionId.slice(0, 2 * ID_BYTES);
}

function prunedFile(root: string) {
  return new StateFile(join(root, STATE_DIR, "pruned"), BYTES);
}
