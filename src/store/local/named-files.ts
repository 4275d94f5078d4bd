import { utimesSync } from "node:fs";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import type { LocalDir } from "./local-dir.ts";
import { survivesEviction } from "./remove-if-unused.ts";
import type { TempFile } from "./temp-file.ts";

/** A file on the local disk. */
export interface StoredFile {
  path: string;
  sizeBytes: number;
  /** When it was last used, to the hour. */
  mtimeMs: number;
}

/** A use is noted when the last one noted is older than this, so that a hit costs no write. */
const USE_STEP_MS = 3_600_000;

/** How many files are remembered as good; another one is checked again. */
const MAX_GOOD = 50_000;

/** The hex SHA-256 of a name, under which its bytes lie. */
export function hashName(name: string): string {
  return new Bun.CryptoHasher("sha256").update(name).digest("hex");
}

/** The local half of a tiered store: files by name, and which of them were found good. */
export class NamedFiles {
  readonly #dir: LocalDir;
  readonly #kind: string;
  /** What a file looked like when it was found good, by name. */
  readonly #good = new BoundedMap<string, string>(MAX_GOOD);

  constructor(dir: LocalDir, kind: string) {
    this.#dir = dir;
    this.#kind = kind;
  }

  find(name: string): StoredFile | undefined {
    return this.#look(name)?.file;
  }

  /** The file, if this process has found it good and it has not changed since. */
  findTrusted(name: string): StoredFile | undefined {
    const known = this.#good.get(name);
    if (known === undefined) return undefined;
    const found = this.#look(name);
    return found?.fingerprint === known ? found.file : undefined;
  }

  /** The file if `check` finds it good; one that isn't is removed. */
  async findGood(
    name: string,
    check: (path: string) => boolean | Promise<boolean>,
  ): Promise<{ file?: StoredFile; isBad: boolean }> {
    const found = this.#look(name);
    if (found === undefined) return { isBad: false };
    if (await check(found.file.path)) {
      this.#good.set(name, found.fingerprint);
      return { file: found.file, isBad: false };
    }
    this.remove(name);
    return { isBad: true };
  }

  createTemp(): TempFile {
    return this.#dir.createTemp();
  }

  /** Puts a file in place that is known to be good. Throws when that fails. */
  keep(name: string, temp: TempFile): StoredFile {
    this.#dir.publish(temp, this.#kind, hashName(name));
    const found = this.#look(name);
    if (found === undefined) throw new Error(`${this.#path(name)} was removed in this moment`);
    this.#good.set(name, found.fingerprint);
    return found.file;
  }

  remove(name: string): void {
    this.#good.delete(name);
    removeFile(this.#path(name));
  }

  #look(name: string): { file: StoredFile; fingerprint: string } | undefined {
    const path = this.#path(name);
    const stat = statPlainFile(path);
    if (stat === undefined) return undefined;
    const file = { path, sizeBytes: stat.size, mtimeMs: stat.mtimeMs };
    const fingerprint = fingerprintOf(stat);
    const usedMs = Date.now();
    if (usedMs - stat.mtimeMs <= USE_STEP_MS || !markUsed(path, usedMs)) return { file, fingerprint };
    if (!survivesEviction(this.#dir, this.#kind, hashName(name))) return undefined;
    // Whoever writes into a file in place changes its time as well; this change is our own.
    const newFingerprint = fingerprintOf({ ino: stat.ino, size: stat.size, mtimeMs: usedMs });
    if (this.#good.get(name) === fingerprint) this.#good.set(name, newFingerprint);
    return { file: { ...file, mtimeMs: usedMs }, fingerprint: newFingerprint };
  }

  #path(name: string): string {
    return this.#dir.path(this.#kind, hashName(name));
  }
}

function fingerprintOf({ ino, size, mtimeMs }: { ino: number; size: number; mtimeMs: number }): string {
  return `${ino} ${size} ${Math.round(mtimeMs)}`;
}

function markUsed(path: string, usedMs: number): boolean {
  try {
    utimesSync(path, usedMs / 1000, usedMs / 1000);
    return true;
  } catch {
    // Another user's file, or a directory that can't be written.
    return false;
  }
}
