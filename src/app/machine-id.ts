/**
 * What this machine is called in the bucket: a random id kept in the cache directory (`state/machine`), and the host's
 * name, since CI restores one cache directory on many machines.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { readSmallFile } from "../lib/small-file.ts";
import { STATE_DIR } from "../store/local-dir.ts";

/** Twelve hex digits. */
export function machineId(root: string): string {
  const text = `${storedId(join(root, STATE_DIR, "machine"))} ${hostname()}`;
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12);
}

function storedId(path: string): string {
  try {
    return readSmallFile(path).toString("latin1");
  } catch {
    return makeId(path);
  }
}

/** Two helpers at once agree on the id of the first; where none can be kept, each has its own. */
function makeId(path: string): string {
  const id = crypto.randomUUID();
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, id, { flag: "wx", mode: 0o600 });
    return id;
  } catch {
    try {
      return readSmallFile(path).toString("latin1");
    } catch {
      return id;
    }
  }
}
