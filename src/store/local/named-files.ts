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
  /** Last use, to the hour. */
  mtimeMs: number;
}

/** A use is recorded only if the recorded one is older, so that most hits need no write. */
const USE_STEP_MS = 3_600_000;

/** How many verified files are remembered. A forgotten one is verified again. */
const MAX_GOOD = 50_000;

/** The hex SHA-256 of a name: the file's name on disk. */
export function hashName(name: string): string {
  return new Bun.CryptoHasher("sha256").update(name).digest("hex");
}

/** The local half of a tiered store: files by name, and which of them are verified. */
export class NamedFiles {
  readonly #dir: LocalDir;
  readonly #kind: string;
  /** Fingerprints of verified files, by name. */
  readonly #good = new BoundedMap<string, string>(MAX_GOOD);

  constructor(dir: LocalDir, kind: string) {
    this.#dir = dir;
    this.#kind = kind;
  }

  find(name: string): StoredFile | undefined {
    return this.#look(name)?.file;
  }

  /** The file, if this process has verified it and it has not changed since. */
  findTrusted(name: string): StoredFile | undefined {
    const known = this.#good.get(name);
    if (known === undefined) return undefined;
    const found = this.#look(name);
    return found?.fingerprint === known ? found.file : undefined;
  }

  /** The file, if it passes `check`. A file that fails is removed. */
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

  /** Publishes a verified file. Throws if that fails. */
  keep(name: string, temp: TempFile): StoredFile {
    this.#dir.publish(temp, this.#kind, hashName(name));
    const found = this.#look(name);
    if (found === undefined) throw new Error(`${this.#path(name)} was removed by another process`);
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
    // Another mtime usually means that another process changed the file; this process made this change itself.
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
    // The file belongs to another user, or the directory is read-only.
    return false;
  }
}
