import { hashModFile } from "../gomod/module-hash.ts";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { orReport } from "../lib/or-report.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import { nameTree, removeTree } from "./name-tree.ts";
import { TreeFiles } from "./tree-files.ts";
import {
  type BodyKind,
  ModuleTreeError,
  type OutputKind,
  parseTreeHeader,
  plainInfo,
  type TreeHeader,
} from "./tree-header.ts";
import type { WantedModule } from "./wanted-modules.ts";
import { ZipWriter } from "./zip-writer.ts";

/**
 * A module on its way into `$GOMODCACHE`: its files get their name when their hash is the one in the checkout's go.sum. A
 * zip gets no name here: see `ArrivedZips`.
 */
export class TreeWriter {
  readonly #options: TreeWriterOptions;
  /** Bytes of the header. */
  #start: Buffer | undefined = Buffer.alloc(0);
  #module: { header: TreeHeader; wanted: WantedModule } | undefined;
  /** Says what a release of go should be; proves nothing by itself. */
  #sum: TreeHeader | undefined;
  #files: TreeFiles | undefined;
  #zip: ZipWriter | undefined;
  /** Of these; `undefined`: nothing is there, or it is not ours any more. */
  #unfinishedPath: string | undefined;

  constructor(options: TreeWriterOptions) {
    this.#options = options;
  }

  /** Throws if the disk fails, or these are not the bytes of a module that is wanted. */
  write(bytes: Uint8Array): void {
    orReport(this.#options.onProblem, () => this.#append(bytes));
  }

  /**
   * Gives the module its name, unless go has it by now, or passes its zip on. Throws if its hashes are not those of go.sum,
   * or the disk fails.
   */
  commit(): void {
    orReport(this.#options.onProblem, () => this.#finish());
  }

  /** Removes what is not finished. Never throws. */
  discard(): void {
    try {
      this.#body?.close();
    } catch {
      // The disk fails.
    }
    if (this.#unfinishedPath !== undefined) removeTree(this.#unfinishedPath);
  }

  get #body(): TreeFiles | ZipWriter | undefined {
    return this.#files ?? this.#zip;
  }

  #append(bytes: Uint8Array): void {
    if (this.#start === undefined) {
      this.#addBytes(bytes);
      return;
    }
    const start = this.#start.length === 0 ? viewOf(bytes) : Buffer.concat([this.#start, bytes]);
    const parsed = parseTreeHeader(start);
    // The caller may use its bytes again.
    this.#start = parsed === undefined ? Buffer.from(start) : undefined;
    if (parsed === undefined) return;
    this.#begin(parsed);
    this.#addBytes(start.subarray(parsed.length));
  }

  #begin({ kind, header }: { kind: OutputKind; header: TreeHeader }): void {
    if (kind === "sum") {
      this.#sum = header;
      return;
    }
    const wanted = this.#options.find(header);
    if (wanted === undefined) throw new ModuleTreeError("no go.sum names it");
    this.#module = { header, wanted };
    const { files } = header;
    if (kind === "tree" && files === undefined) return;
    this.#unfinishedPath = this.#options.newPath(kind);
    if (files === undefined) this.#zip = new ZipWriter(this.#unfinishedPath);
    else this.#files = new TreeFiles(this.#unfinishedPath, header, files);
  }

  #addBytes(bytes: Uint8Array): void {
    if (this.#body !== undefined) this.#body.write(bytes);
    else if (bytes.length > 0) throw new ModuleTreeError("more bytes than its header says");
  }

  #finish(): void {
    const { dirs } = this.#options;
    if (this.#sum !== undefined) {
      this.#options.onSum(this.#sum);
      return;
    }
    if (this.#module === undefined) throw new ModuleTreeError("its header is cut off");
    const { header, wanted } = this.#module;
    const { info, mod } = header;
    if (mod !== undefined && wanted.modHash === undefined)
      throw new ModuleTreeError("a go.mod of which go.sum says nothing");
    if (mod !== undefined && hashModFile(Buffer.from(mod)) !== wanted.modHash)
      throw new ModuleTreeError("a go.mod that differs from go.sum");
    if (this.#files !== undefined && this.#files.hash() !== wanted.treeHash)
      throw new ModuleTreeError("files that differ from their checksum");
    const plain = info === undefined ? undefined : plainInfo(info, wanted.version);
    if (plain !== undefined) dirs.addFile(dirs.file(wanted, "info"), plain);
    if (mod !== undefined) dirs.addFile(dirs.file(wanted, "mod"), mod);
    const unfinishedPath = this.#unfinishedPath;
    if (unfinishedPath === undefined) return;
    const files = this.#files;
    if (files !== undefined) nameTree(unfinishedPath, wanted, { ...this.#options, files });
    if (this.#zip === undefined) return;
    this.#zip.close();
    this.#zip = undefined;
    this.#unfinishedPath = undefined;
    this.#options.onZip(wanted, unfinishedPath);
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export interface TreeWriterOptions {
  dirs: ModuleDirs;
  /** A new name on the disk of what gets a name. Throws if the disk fails. */
  newPath: (kind: BodyKind) => string;
  /** Whether folders stay writable: `-modcacherw` in GOFLAGS. */
  isWritable: boolean;
  /** What go.sum says of a module; `undefined`: it is not named there. */
  find: (module: ModuleVersion) => WantedModule | undefined;
  /** Receives a whole zip, whose bytes nobody has checked. */
  onZip: (wanted: WantedModule, unfinishedPath: string) => void;
  /** Receives what an output says of a release of go, which nobody has checked. */
  onSum: (header: TreeHeader) => void;
  /** Receives what `write` and `commit` throw. */
  onProblem: (error: unknown) => void;
}
