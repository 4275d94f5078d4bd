import { chmodSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeFile } from "../lib/files/remove-file.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import type { TreeFiles } from "./tree-files.ts";
import type { WantedModule } from "./wanted-modules.ts";

const WRITE_BITS = 0o222;

/**
 * Gives a module's files their name; their hash is the one in go.sum. What go is at, or has by now, is left alone, and the
 * files are removed (`ModuleDirs.claim`). Without the file of a lock, go would have to create that, fetch the zip and begin
 * to unpack it between the look and the rename, which follow each other. Of two folders that are renamed to one name, one
 * fails. Throws if the disk fails.
 */
export function nameTree(
  unfinishedPath: string,
  wanted: WantedModule,
  { dirs, files, isWritable }: { dirs: ModuleDirs; files: TreeFiles; isWritable: boolean },
): void {
  const path = dirs.tree(wanted);
  const halfPath = `${unfinishedPath}-half`;
  if (dirs.isFree(wanted)) {
    dirs.makeParent(path);
    // Without its folder go ignores it, and writes it anew.
    dirs.putFile(dirs.file(wanted, "ziphash"), wanted.treeHash ?? "");
  }
  using claim = dirs.claim(wanted);
  if (claim === undefined) {
    removeTree(unfinishedPath);
    return;
  }
  try {
    dirs.moveHalf(wanted, halfPath);
    renameSync(unfinishedPath, path);
    // Until then go takes nothing at this name for whole.
    removeFile(dirs.file(wanted, "partial"));
  } catch (error) {
    if (!dirs.hasTree(wanted)) throw error;
    removeTree(unfinishedPath);
    return;
  } finally {
    removeTree(halfPath);
  }
  if (!isWritable) removeWriteBits(path, files.folders);
}

/** Removes a folder or a file. Never throws. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // A later restore removes it.
  }
}

/** As go does it, after the name and as far as it goes: the files were written read-only. */
function removeWriteBits(root: string, folders: readonly string[]): void {
  try {
    const mode = statSync(root).mode & 0o777 & ~WRITE_BITS;
    for (const folder of folders) chmodSync(join(root, folder), mode);
  } catch {
    // The disk has no modes.
  }
}
