import { MAX_MODULE_BYTES } from "../gomod/file-names.ts";
import { hashPlainZip } from "../gomod/zip/plain-zip.ts";
import { fileChunks } from "../lib/files/file-chunks.ts";
import { READ_NO_LINK } from "../lib/files/no-link.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import { readHeader } from "./module-tree.ts";
import { formatTreeHeader, ModuleTreeError } from "./tree-header.ts";
import type { WantedModule } from "./wanted-modules.ts";

/** The output that a module's zip in `$GOMODCACHE` is; see `tree-header.ts`. Reads the zip each time. */
export class ModuleZip {
  readonly sizeBytes: number;
  /** The time of the zip; see `zip-use.ts`. */
  readonly mtimeMs: number;
  readonly #path: string;
  readonly #wanted: WantedModule;
  readonly #start: Buffer;
  readonly #zipBytes: number;

  /** Throws if there is none, or it is too large. */
  constructor(dirs: ModuleDirs, wanted: WantedModule) {
    this.#path = dirs.file(wanted, "zip");
    this.#wanted = wanted;
    const stat = statPlainFile(this.#path);
    if (stat === undefined) throw new ModuleTreeError("there is no zip");
    if (stat.size > MAX_MODULE_BYTES) throw new ModuleTreeError("a zip that is too large");
    this.#zipBytes = stat.size;
    this.mtimeMs = stat.mtimeMs;
    this.#start = formatTreeHeader({ ...readHeader(dirs, wanted), files: undefined }, "zip");
    this.sizeBytes = this.#start.length + this.#zipBytes;
  }

  /** Rejects if its hash is not that of go.sum. */
  async check(): Promise<void> {
    const { path, version, treeHash } = this.#wanted;
    if ((await hashPlainZip(this.#path, path, version)) !== treeHash)
      throw new ModuleTreeError("a zip that differs from its checksum");
  }

  /** The SHA-256 of all its bytes. Throws if they can't be read. */
  outputId(): string {
    const hash = new Bun.CryptoHasher("sha256");
    for (const chunk of this.chunks()) hash.update(chunk);
    return hash.digest("hex");
  }

  /** All its bytes. Each chunk counts until the next is read. Throws if they can't be read. */
  *chunks(): Generator<Buffer, void, void> {
    yield this.#start;
    yield* fileChunks(this.#path, { flags: READ_NO_LINK, maxBytes: this.#zipBytes });
  }
}
