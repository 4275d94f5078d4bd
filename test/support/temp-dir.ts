import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new directory, removed with its contents when disposed. */
export interface TempDir extends Disposable, AsyncDisposable {
  readonly path: string;
  /** A path below the directory; nothing is created. */
  join(...parts: string[]): string;
}

/** Makes a directory for a test: `await using dir = tempDir("sharing")`. */
export function tempDir(label = "test"): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `gcp-${label}-`)));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]: remove,
    async [Symbol.asyncDispose]() {
      remove();
    },
  };
}
