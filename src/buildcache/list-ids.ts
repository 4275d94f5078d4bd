import { join } from "node:path";
import { listFiles } from "../lib/files/list-files.ts";
import type { LocalDir } from "../store/local/local-dir.ts";

/** The ids of all files `<kind>/<xx>/<id>`, optionally only those that begin with `start`. Ignores foreign files. */
export function* listIds(dir: LocalDir, kind: string, start = ""): Generator<string, void, void> {
  for (const group of listFiles(join(dir.root, kind))) {
    const isWanted = group.startsWith(start.slice(0, 2)) || start.startsWith(group);
    if (!/^[0-9a-f]{2}$/.test(group) || !isWanted) continue;
    for (const name of listFiles(join(dir.root, kind, group))) {
      if (name.startsWith(group) && name.startsWith(start) && /^[0-9a-f]{64}$/.test(name)) yield name;
    }
  }
}
