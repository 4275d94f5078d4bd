import { renameSync, utimesSync } from "node:fs";
import { hashPlainZip } from "../gomod/zip/plain-zip.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import { ModuleTreeError } from "./tree-header.ts";
import type { WantedModule } from "./wanted-modules.ts";

/**
 * Zips that have arrived whole, and have no name yet. They get it after the folders of files have theirs: go needs the
 * name of a folder to be free, and unpacks a zip as soon as it wants its files. Until then they are checked, in little
 * memory.
 */
export class ArrivedZips {
  readonly #dirs: ModuleDirs;
  readonly #waiting: { wanted: WantedModule; unfinishedPath: string }[] = [];

  constructor(dirs: ModuleDirs) {
    this.#dirs = dirs;
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
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { wanted, unfinishedPath } = next;
      try {
        const { path, version, treeHash } = wanted;
        if ((await hashPlainZip(unfinishedPath, path, version)) !== treeHash)
          throw new ModuleTreeError("a zip that differs from its checksum");
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
  }

  /** Removes those that got no name. Never throws. */
  [Symbol.dispose](): void {
    for (const { unfinishedPath } of this.#waiting.splice(0)) removeFile(unfinishedPath);
  }

  /**
   * Go has a lock for this as well. If it takes it between the look and the rename, it fetches the same zip, or finds this
   * one. The hash comes first: without the zip and files it means nothing, and beside files that go takes there is one.
   */
  #name(wanted: WantedModule, hash: string, unfinishedPath: string): void {
    const dirs = this.#dirs;
    const path = dirs.file(wanted, "zip");
    dirs.makeParent(path);
    if (dirs.isZipGos(wanted)) return;
    if (!dirs.hasTree(wanted)) dirs.putFile(dirs.file(wanted, "ziphash"), hash);
    renameSync(unfinishedPath, path);
  }
}
