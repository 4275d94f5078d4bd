import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MAX_GO_MOD_BYTES } from "../gomod/file-names.ts";
import { hashModFile, hashOfFiles } from "../gomod/module-hash.ts";
import { fileChunks } from "../lib/files/file-chunks.ts";
import { READ_NO_LINK } from "../lib/files/no-link.ts";
import { readSmallFile } from "../lib/files/small-file.ts";
import { compareUtf8 } from "../lib/text/compare-utf8.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import {
  formatTreeHeader,
  ModuleTreeError,
  plainInfo,
  type TreeFile,
  type TreeHeader,
} from "./tree-header.ts";
import type { WantedModule } from "./wanted-modules.ts";

/** The output that a module in `$GOMODCACHE` is; see `tree-header.ts`. Reads the module each time. */
export class ModuleTree {
  readonly #wanted: WantedModule;
  readonly #header: TreeHeader;
  readonly #start: Buffer;
  readonly #folder: string;

  /** `hasFiles`: with its files, else its go.mod alone. Throws if it can't be read, or has what no module has. */
  constructor(dirs: ModuleDirs, wanted: WantedModule, hasFiles: boolean) {
    this.#wanted = wanted;
    this.#folder = dirs.tree(wanted);
    this.#header = {
      ...readHeader(dirs, wanted),
      files: hasFiles ? listTree(this.#folder) : undefined,
    };
    this.#start = formatTreeHeader(this.#header);
  }

  get sizeBytes(): number {
    return (this.#header.files ?? []).reduce((sum, [, sizeBytes]) => sum + sizeBytes, this.#start.length);
  }

  /** The SHA-256 of all its bytes. Throws if its hashes are not those of go.sum. */
  outputId(): string {
    const { path, version, mod, files } = this.#header;
    const { treeHash } = this.#wanted;
    const whole = new Bun.CryptoHasher("sha256").update(this.#start);
    const sums = (files ?? []).map(([name, sizeBytes]) => {
      const hash = new Bun.CryptoHasher("sha256");
      for (const chunk of this.#chunksOf(name, sizeBytes)) {
        hash.update(chunk);
        whole.update(chunk);
      }
      return { name: `${path}@${version}/${name}`, sha256: hash.digest("hex") };
    });
    const isRight = files === undefined ? mod !== undefined : hashOfFiles(sums) === treeHash;
    if (!isRight) throw new ModuleTreeError("files that differ from their checksum");
    return whole.digest("hex");
  }

  /** All its bytes. Each chunk counts until the next is read. Throws if they can't be read. */
  *chunks(): Generator<Buffer, void, void> {
    yield this.#start;
    for (const [name, sizeBytes] of this.#header.files ?? []) yield* this.#chunksOf(name, sizeBytes);
  }

  #chunksOf(name: string, sizeBytes: number): Generator<Buffer, void, void> {
    return fileChunks(join(this.#folder, name), { flags: READ_NO_LINK, maxBytes: sizeBytes });
  }
}

/** What the header has of a module beside its files. Throws if its go.mod is not as go.sum says. */
export function readHeader(dirs: ModuleDirs, wanted: WantedModule): Omit<TreeHeader, "files"> {
  const { path, version, modHash } = wanted;
  const info = readText(dirs.file(wanted, "info"));
  const mod = modHash === undefined ? undefined : readText(dirs.file(wanted, "mod"));
  if (mod !== undefined && hashModFile(Buffer.from(mod)) !== modHash)
    throw new ModuleTreeError("a go.mod that differs from go.sum");
  return { path, version, info: info === undefined ? undefined : plainInfo(info, version), mod };
}

/** `undefined`: there is none, or it is no text. */
function readText(path: string): string | undefined {
  try {
    const bytes = readSmallFile(path, MAX_GO_MOD_BYTES);
    const text = bytes.toString();
    return Buffer.from(text).equals(bytes) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Throws for what is neither a folder nor a regular file: no module has that. */
function listTree(root: string): TreeFile[] {
  const files: TreeFile[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const entry of entriesIn(root, folder)) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(name);
      else if (entry.isFile()) files.push([name, lstatSync(join(root, name)).size]);
      else throw new ModuleTreeError("neither a folder nor a regular file in it");
    }
  return files.sort(([a], [b]) => compareUtf8(a, b));
}

/**
 * No module has a go.mod below its root. In a release of its own go copies each `_go.mod` to one, when it runs that for the
 * first time.
 */
function entriesIn(root: string, folder: string): Dirent[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  const hasCopy = folder !== "" && entries.some(({ name }) => name === "_go.mod");
  return hasCopy ? entries.filter(({ name }) => name !== "go.mod") : entries;
}
