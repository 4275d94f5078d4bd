import { renameSync, utimesSync } from "node:fs";
import { expandZip } from "../gomod/zip/expand-zip.ts";
import { hashPlainZip, plainZipFiles } from "../gomod/zip/plain-zip.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { compareUtf8 } from "../lib/text/compare-utf8.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import { nameTree, removeTree } from "./name-tree.ts";
import { TreeFiles } from "./tree-files.ts";
import { checkTreeFiles, ModuleTreeError } from "./tree-header.ts";
import type { WantedModule } from "./wanted-modules.ts";

/** Zips that are checked at once: other threads expand their larger files. */
const AT_ONCE = 3;

export interface ArrivedZipsOptions {
  dirs: ModuleDirs;
  /** Whether the files of a module are wanted beside its zip. */
  areFilesWanted: boolean;
  /** See `TreeWriterOptions`. */
  isWritable: boolean;
  /** A new name on the disk of modules' files. Throws if the disk fails. */
  newTreePath: () => string;
}

interface ArrivedZip {
  wanted: WantedModule;
  unfinishedPath: string;
}

/**
 * Zips that have arrived whole, and have no name yet. They get it after the folders of files have theirs: go needs the
 * name of a folder to be free, and unpacks a zip as soon as it wants its files. Until then they are checked, in little
 * memory; where the files of a module are missing, they are unpacked by that.
 */
export class ArrivedZips {
  readonly #options: ArrivedZipsOptions;
  readonly #waiting: ArrivedZip[] = [];

  constructor(options: ArrivedZipsOptions) {
    this.#options = options;
  }

  /** `unfinishedPath`: a file on the same disk. It is gone in the end. */
  add(wanted: WantedModule, unfinishedPath: string): void {
    this.#waiting.push({ wanted, unfinishedPath });
  }

  /**
   * Gives each zip its name if its hash is the one in go.sum, unless go has begun with it by now. `timeOf`: the file's time
   * (ms since 1970; see `zip-use.ts`). Never rejects: `onProblem` receives what is wrong with a zip, or the disk.
   */
  async name(
    timeOf: (wanted: WantedModule) => number | undefined,
    onProblem: (error: unknown) => void,
  ): Promise<void> {
    const nameNext = async () => {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        await this.#check(next, timeOf, onProblem);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, nameNext));
  }

  /** Removes those that got no name. Never throws. */
  [Symbol.dispose](): void {
    for (const { unfinishedPath } of this.#waiting.splice(0)) removeFile(unfinishedPath);
  }

  async #check(
    { wanted, unfinishedPath }: ArrivedZip,
    timeOf: (wanted: WantedModule) => number | undefined,
    onProblem: (error: unknown) => void,
  ): Promise<void> {
    try {
      const { treeHash } = wanted;
      if (treeHash === undefined) throw differs();
      const { dirs, areFilesWanted } = this.#options;
      if (areFilesWanted && !dirs.hasTree(wanted) && dirs.isFree(wanted))
        await this.#unpack(wanted, unfinishedPath);
      else await checkHash(wanted, unfinishedPath);
      const nowMs = Date.now();
      // A clock that went wrong would make it count for longer.
      const seconds = Math.min(timeOf(wanted) ?? nowMs, nowMs) / 1000;
      utimesSync(unfinishedPath, seconds, seconds);
      this.#name(wanted, treeHash, unfinishedPath);
    } catch (error) {
      onProblem(error);
    }
    removeFile(unfinishedPath);
  }

  /** Writes the zip's files beside, and gives them their name. Rejects if they are not as go.sum says, or the disk fails. */
  async #unpack(wanted: WantedModule, zipPath: string): Promise<void> {
    const { dirs, isWritable, newTreePath } = this.#options;
    const names = plainZipFiles(zipPath, wanted.path, wanted.version);
    checkTreeFiles(names.toSorted(([a], [b]) => compareUtf8(a, b)));
    const folder = newTreePath();
    let opened: TreeFiles | undefined;
    try {
      const files = new TreeFiles(folder, wanted, names);
      opened = files;
      await expandZip(zipPath, { write: (bytes) => files.write(bytes), end: () => {} });
      if (files.hash() !== wanted.treeHash) throw differs();
      nameTree(folder, wanted, { dirs, files, isWritable });
    } catch (error) {
      opened?.close();
      removeTree(folder);
      throw error;
    }
  }

  /**
   * Go has a lock for this as well. If it takes it between the look and the rename, it fetches the same zip, or finds this
   * one. The hash comes first: without the zip and files it means nothing, and beside files that go takes there is one.
   */
  #name(wanted: WantedModule, hash: string, unfinishedPath: string): void {
    const { dirs } = this.#options;
    const path = dirs.file(wanted, "zip");
    dirs.makeParent(path);
    if (dirs.isZipGos(wanted)) return;
    if (!dirs.hasTree(wanted)) dirs.putFile(dirs.file(wanted, "ziphash"), hash);
    renameSync(unfinishedPath, path);
  }
}

async function checkHash({ path, version, treeHash }: WantedModule, zipPath: string): Promise<void> {
  if ((await hashPlainZip(zipPath, path, version)) !== treeHash) throw differs();
}

function differs(): ModuleTreeError {
  return new ModuleTreeError("a zip that differs from its checksum");
}
