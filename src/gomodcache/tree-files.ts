import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashOfFiles } from "../gomod/module-hash.ts";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { writeAll } from "../lib/files/write-all.ts";
import { ModuleTreeError, type TreeFile } from "./tree-header.ts";

/** As go leaves them, less umask. */
const FILE_MODE = 0o444;

/** Writes a module's files, whose bytes come one after the other, to a folder of their own, and hashes them. */
export class TreeFiles {
  readonly #folder: string;
  readonly #module: ModuleVersion;
  readonly #files: readonly TreeFile[];
  readonly #folders = new Set<string>();
  readonly #sums: { name: string; sha256: string }[] = [];
  /** The file that is being written. */
  #open: { fd: number; hash: Bun.CryptoHasher; doneBytes: number } | undefined;

  /** `folder`: a new one. Throws if the disk fails. */
  constructor(folder: string, module: ModuleVersion, files: readonly TreeFile[]) {
    this.#folder = folder;
    this.#module = module;
    this.#files = files;
    mkdirSync(folder);
    this.#writeEmpty();
  }

  /** The folders below it that have files. */
  get folders(): readonly string[] {
    return [...this.#folders];
  }

  /** Throws if the disk fails, and for more bytes than the files have. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const sizeBytes = this.#next?.[1];
      if (sizeBytes === undefined) throw new ModuleTreeError("more bytes than its files have");
      const file = this.#openNext();
      const part = bytes.subarray(at, at + sizeBytes - file.doneBytes);
      file.hash.update(part);
      writeAll(file.fd, part);
      file.doneBytes += part.length;
      at += part.length;
      if (file.doneBytes === sizeBytes) this.#end();
      this.#writeEmpty();
    }
  }

  /** The hash as go.sum has it. Throws if bytes are missing. */
  hash(): string {
    if (this.#next !== undefined) throw new ModuleTreeError("fewer bytes than its files have");
    return hashOfFiles(this.#sums);
  }

  close(): void {
    const fd = this.#open?.fd;
    this.#open = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  get #next(): TreeFile | undefined {
    return this.#files[this.#sums.length];
  }

  /** No bytes come for these. */
  #writeEmpty(): void {
    while (this.#next?.[1] === 0) {
      this.#openNext();
      this.#end();
    }
  }

  #openNext() {
    if (this.#open !== undefined) return this.#open;
    const [name] = this.#next as TreeFile;
    const path = join(this.#folder, name);
    const folder = dirname(name);
    if (!this.#folders.has(folder)) {
      mkdirSync(dirname(path), { recursive: true });
      for (let above = folder; !this.#folders.has(above); above = dirname(above)) this.#folders.add(above);
    }
    const hash = new Bun.CryptoHasher("sha256");
    this.#open = { fd: openSync(path, "wx", FILE_MODE), hash, doneBytes: 0 };
    return this.#open;
  }

  #end(): void {
    const [name] = this.#next as TreeFile;
    const { path, version } = this.#module;
    const sha256 = this.#open?.hash.digest("hex") ?? "";
    this.close();
    this.#sums.push({ name: `${path}@${version}/${name}`, sha256 });
  }
}
