/** Modules in the bucket: an untrusted header, and an output that becomes files. */
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoModCache } from "../../../src/gomodcache/go-mod-cache.ts";
import {
  formatTreeHeader,
  ModuleTreeError,
  parseTreeHeader,
  type TreeHeader,
} from "../../../src/gomodcache/tree-header.ts";
import { wantedModules } from "../../../src/gomodcache/wanted-modules.ts";
import { filesBelow } from "../../support/file-tree.ts";
import type { Recordings } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, parsed, same } from "../target.ts";

const WORDS = [
  '"path":',
  '"version":',
  '"files":',
  '["a.go",1]',
  "../",
  "/",
  "go.mod",
  "\\u0000",
  "\\\\",
  "null",
];
const isRefusal = (error: unknown) => error instanceof ModuleTreeError;

const header: FuzzTarget = {
  name: "header of a module",
  promise:
    "names below the module's directory, each once, and the same when it is written again; or a ModuleTreeError",
  thousands: 40,
  recordings: ({ modules }) => modules.trees.map(headerOf),
  words: WORDS,
  attempt(input) {
    const framed = Buffer.concat([Buffer.from(`go module tree v1 ${input.length}\n`), input]);
    const found = parsed(() => parseTreeHeader(framed), isRefusal);
    if (found === undefined) return "refused";
    same(found.length, framed.length, "its length");
    const names = (found.header.files ?? []).map(([name]) => name);
    const isInside = (name: string) => !/^[/]|\\|\0/.test(name) && join("/m", name) === `/m/${name}`;
    holds(names.every(isInside), "a name leads out");
    holds(new Set(names.map((name) => name.toLowerCase())).size === names.length, "a name is there twice");
    const again = parseTreeHeader(formatTreeHeader(found.header));
    same(again && known(again.header), known(found.header), "written again");
    return "accepted";
  },
};

/** What there is for readers; others may write more. */
const known = ({ path, version, info, mod, files }: TreeHeader) => ({ path, version, info, mod, files });

const root = join(tmpdir(), `gcp-fuzz-modules-${process.pid}`);
let goSum = "";

const tree: FuzzTarget = {
  name: "output of a module",
  promise: "the module that go.sum names, in its place; or an error, and nothing is left",
  thousands: 2,
  recordings({ modules }: Recordings) {
    goSum = modules.goSum.join("");
    return modules.trees;
  },
  words: WORDS,
  attempt(input) {
    mkdirSync(root, { recursive: true });
    const wanted = wantedModules([goSum]);
    try {
      using cache = new GoModCache(join(root, "mod"), wanted, { isWritable: true, forms: "auto" });
      const output = cache.createOutput();
      const isWritten = parsed(() => {
        try {
          for (let at = 0; at < input.length; at += 700) output.write(input.subarray(at, at + 700));
          output.commit();
          return true;
        } catch (error) {
          output.discard();
          throw error;
        }
      }, isRefusal);
      const present = [...cache.present()];
      // Reads them, and compares their hashes.
      holds(
        present.every((action) => cache.get(action) !== undefined),
        "another module has the name",
      );
      holds(present.length === (isWritten ? 1 : 0), `${present.length} modules are there`);
      holds(isWritten === true || filesBelow(root).length === 0, "something is left");
      return isWritten ? "accepted" : "refused";
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
};

function headerOf(bytes: Buffer): Buffer {
  const start = bytes.indexOf("\n") + 1;
  return bytes.subarray(start, start + Number(/ (\d+)\n/.exec(bytes.toString("latin1", 0, start))?.[1]));
}

export const MODULE_TREE_TARGETS: readonly FuzzTarget[] = [header, tree];
