import { statfsSync } from "node:fs";
import { tempDir } from "./temp-dir.ts";

/** A small disk (a tmpfs, which needs root: `testOnLinux`), removed with its files when disposed. */
export class FullDisk implements Disposable {
  readonly #dir = tempDir("disk");
  readonly path = this.#dir.path;
  readonly join = this.#dir.join;

  /** `inodes`: the maximum of files and directories; default: as many as memory allows. */
  constructor(sizeBytes: number, inodes?: number) {
    const limits = inodes === undefined ? `size=${sizeBytes}` : `size=${sizeBytes},nr_inodes=${inodes}`;
    run("mount", "-t", "tmpfs", "-o", limits, "tmpfs", this.path);
  }

  /** Makes it read-only. Throws while a file on it is open for writing. */
  makeReadOnly(): void {
    run("mount", "-o", "remount,ro", this.path);
  }

  /** Limits it to this many more bytes, files and directories. */
  leave(bytes: number, inodes: number): void {
    const { blocks, bfree, bsize, files, ffree } = statfsSync(this.path);
    const limits = `size=${(blocks - bfree) * bsize + bytes},nr_inodes=${files - ffree + inodes}`;
    run("mount", "-o", `remount,${limits}`, this.path);
  }

  /** Lets nothing on it be run. */
  refusePrograms(): void {
    run("mount", "-o", "remount,noexec", this.path);
  }

  /** Mounts it with noatime: reading a file no longer changes its time of last access. */
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
  if (exitCode !== 0) throw new Error(`${command.join(" ")}, which needs root: ${stderr}`);
}
