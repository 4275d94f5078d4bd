/**
 * The name of this machine in the bucket: a random id kept in the cache directory (`state/machine`), and the host's
 * name, since CI restores one cache directory on many machines.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { createFile } from "../../lib/files/create-file.ts";
import { removeFileIf } from "../../lib/files/remove-file-if.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { LINE, StateFile } from "../../lib/files/state-file.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** Twelve hex digits. */
export function machineId(root: string): string {
  const path = join(root, STATE_DIR, "machine");
  const text = `${readId(path) ?? makeId(path)} ${hostname()}`;
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12);
}

/** Two helpers at once agree on the id of the first; where none can be kept, each has its own. */
function makeId(path: string): string {
  const id = crypto.randomUUID();
  // Earlier versions left it empty when they were killed.
  removeFileIf(path, (at) => statPlainFile(at)?.size === 0);
  try {
    createFile(path, id);
    return id;
  } catch {
    return readId(path) ?? id;
  }
}

function readId(path: string): string | undefined {
  return new StateFile(path, LINE).load();
}
