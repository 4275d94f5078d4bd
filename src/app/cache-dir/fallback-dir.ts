import { existsSync, lstatSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { LocalDir } from "../../store/local/local-dir.ts";
import { whyReplaceable } from "./dir-owner.ts";
import { trustSetOf } from "./trusted-dir.ts";

/** Tried in this order; a machine with a full disk often still has room in memory. */
const PLACES = [tmpdir(), "/tmp", "/dev/shm", "/var/tmp"];

/**
 * A directory for what the cache directory can't take (full, read-only): go must get a file as long as one can be
 * made anywhere. It is the same for all helpers of a user, so that they find each other's entries; each set of trusted
 * keys has its own.
 */
export class FallbackDir {
  readonly #dirs: string[];
  #existing: LocalDir | undefined | "unknown" = "unknown";
  #writable: LocalDir | undefined | "unknown" = "unknown";

  constructor(primaryRoot: string, places: string[] = PLACES) {
    const trustSet = trustSetOf(primaryRoot);
    const name = `go-cache-plugin-${process.getuid?.() ?? "user"}${trustSet === undefined ? "" : `-${trustSet}`}`;
    const dirs = places.map((place) => join(place, name));
    this.#dirs = dirs.filter((dir) => dir !== primaryRoot);
  }

  /** The one that an earlier failure has left, if any. */
  existing(): LocalDir | undefined {
    if (this.#existing === "unknown") this.#existing = this.#find(isOurs);
    return this.#existing;
  }

  /** One that can be written to, made if need be. */
  writable(): LocalDir | undefined {
    if (this.#writable !== "unknown") return this.#writable;
    this.#writable = this.#find((dir) => make(dir) && isOurs(dir) && canWrite(dir));
    this.#existing = this.#writable ?? this.#existing;
    return this.#writable;
  }

  #find(test: (dir: string) => boolean): LocalDir | undefined {
    const dir = this.#dirs.find(test);
    return dir === undefined ? undefined : new LocalDir(dir);
  }
}

/**
 * A directory for a user whose cache directory is not safe. If other users have taken its name everywhere,
 * it is one for this process alone.
 */
export function ownTemporaryDir(refusedRoot: string): string {
  return new FallbackDir(refusedRoot).writable()?.root ?? throwAwayDir();
}

function throwAwayDir(): string {
  for (const place of PLACES) {
    try {
      return mkdtempSync(join(place, "go-cache-plugin-"));
    } catch {
      // The next one may take it.
    }
  }
  // Nothing can be written anywhere.
  return join(tmpdir(), `go-cache-plugin-${crypto.randomUUID()}`);
}

function make(dir: string): boolean {
  try {
    makePrivateDir(dir);
    return true;
  } catch {
    return false;
  }
}

/** In a place that everybody may write to, only a directory of our own can be trusted. */
function isOurs(dir: string): boolean {
  const stat = existsSync(dir) ? lstatSync(dir, { throwIfNoEntry: false }) : undefined;
  if (stat?.isDirectory() !== true || whyReplaceable(dir) !== undefined) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}

function canWrite(root: string): boolean {
  try {
    const probe = new LocalDir(root).createTemp();
    probe.write(new Uint8Array(4096));
    probe.discard();
    return true;
  } catch {
    return false;
  }
}
