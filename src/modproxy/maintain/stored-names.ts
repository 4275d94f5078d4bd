import { join } from "node:path";
import { listFiles } from "../../lib/files/list-files.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { META_SUFFIX, MODULE_DIR } from "../../store/local/local-dir.ts";
import { type DatabaseNames, type ModRequest, parseName } from "../names/mod-request.ts";

/**
 * The files stored in a cache directory, by their notes. A file's path is a hash of its name, so a file of another
 * program is missing here until its first use writes a note.
 */
export function storedNames(root: string, databases: DatabaseNames): ModRequest[] {
  const dir = join(root, MODULE_DIR + META_SUFFIX);
  return listFiles(dir).flatMap((group) =>
    listFiles(join(dir, group)).flatMap((file) => {
      const request = parseName(readNamed(join(dir, group, file)), databases);
      return request === undefined ? [] : [request];
    }),
  );
}

function readNamed(path: string): string {
  try {
    return String(JSON.parse(readSmallFile(path).toString()).name);
  } catch {
    return "";
  }
}
