import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fallback } from "../../src/buildcache/fallback.ts";
import { LocalCache } from "../../src/buildcache/local-cache.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";

export const ACTION = "00".repeat(32);
/** The SHA-256 of `hello`. */
export const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
export const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
export const HOUR_MS = 3_600_000;

/** A fallback directory that its first use creates. */
export class TestFallback implements Fallback {
  readonly #dir: LocalDir | undefined;
  #isUsed = false;

  /** Without a root, no directory is writable. */
  constructor(root?: string) {
    this.#dir = root === undefined ? undefined : new LocalDir(root);
  }

  existing(): LocalDir | undefined {
    return this.#isUsed ? this.#dir : undefined;
  }

  writable(): LocalDir | undefined {
    this.#isUsed = true;
    return this.#dir;
  }
}

export interface LocalFixture {
  dir: LocalDir;
  local: LocalCache;
  /** Write errors that the cache reported. */
  writeErrors: string[];
}

export function openLocal(
  root: string,
  options: { fallback?: Fallback; expiryMs?: number | undefined; shownRoot?: string } = {},
): LocalFixture {
  const dir = new LocalDir(root, options.shownRoot);
  const writeErrors: string[] = [];
  const local = new LocalCache({
    dir,
    fallback: options.fallback ?? new TestFallback(),
    expiryMs: options.expiryMs,
    onWriteError: (error) => writeErrors.push(String((error as NodeJS.ErrnoException).code ?? error)),
  });
  return { dir, local, writeErrors };
}

/** Writes an output through a cache and returns its path for go. */
export function putOutput(local: LocalCache, outputId: string, body: string | Uint8Array): string {
  const output = local.createOutput(outputId);
  output.write(typeof body === "string" ? Buffer.from(body) : body);
  return output.commit();
}

/** Writes a file without the cache, with a modification time `ageMs` ago. */
export function writeAged(path: string, text: string, ageMs = 0): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  age(path, ageMs);
}

export function age(path: string, ageMs: number): void {
  const seconds = (Date.now() - ageMs) / 1000;
  utimesSync(path, seconds, seconds);
}

/** Writes an action and its output like tailscale/go-cache-plugin. */
export function writeEntry(
  dir: LocalDir,
  entry: { actionId: string; outputId: string; body: string; ageMs?: number },
): void {
  const { actionId, outputId, body, ageMs = 0 } = entry;
  writeAged(dir.path("output", outputId), body, ageMs);
  writeAged(dir.path("action", actionId), `${outputId} ${body.length}\n`, ageMs);
}

export function fixturePath(name: string): string {
  return join(import.meta.dir, "..", "fixtures", name);
}
