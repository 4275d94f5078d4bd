import { statfsSync } from "node:fs";
import { tempDir } from "./temp-dir.ts";

/** A small disk of its own (a tmpfs; that takes root: `testOnLinux`), gone with everything on it when disposed. */
export class FullDisk implements Disposable {
  readonly #dir = tempDir("disk");
  readonly path = this.#dir.path;
  readonly join = this.#dir.join;

  /** `inodes`: most files and directories; as many as memory allows, unless told. */
  constructor(sizeBytes: number, inodes?: number) {
    const limits = inodes === undefined ? `size=${sizeBytes}` : `size=${sizeBytes},nr_inodes=${inodes}`;
    run("mount", "-t", "tmpfs", "-o", limits, "tmpfs", this.path);
  }

  /** From now on nothing on it can be changed. Throws while a file on it is open for writing. */
  makeReadOnly(): void {
    run("mount", "-o", "remount,ro", this.path);
  }

  /** From now on it takes so many bytes more, in so many files and directories. */
  leave(bytes: number, inodes: number): void {
    const { blocks, bfree, bsize, files, ffree } = statfsSync(this.path);
    const limits = `size=${(blocks - bfree) * bsize + bytes},nr_inodes=${files - ffree + inodes}`;
    run("mount", "-o", `remount,${limits}`, this.path);
  }

  /** From now on reading a file leaves its time of last access as it is. */
  keepAccessTimes(): void {
    run("mount", "-o", "remount,noatime", this.path);
  }

  [Symbol.dispose](): void {
    run("umount", "-l", this.path);
    this.#dir[Symbol.dispose]();
  }
}

/** Makes a directory that even root can't change, until disposed. */
export function immutable(path: string): Disposable {
  run("chattr", "+i", path);
  return { [Symbol.dispose]: () => run("chattr", "-i", path) };
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}, which takes root: ${stderr}`);
}
