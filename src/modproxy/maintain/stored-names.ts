import { join } from "node:path";
import { listFiles } from "../../lib/files/list-files.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { META_SUFFIX, MODULE_DIR } from "../../store/local/local-dir.ts";
import { type ModRequest, parseName } from "../names/mod-request.ts";

/**
 * What is stored below a cache directory, by what is known of it. Files alone have no names: what another program left
 * there is known from its first use on.
 */
export function storedNames(root: string, databases: ReadonlySet<string>): ModRequest[] {
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
