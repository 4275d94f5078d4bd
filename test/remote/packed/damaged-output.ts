import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { LocalOutput } from "../../../src/remote/packed/format/output-frame.ts";
import { sha256Hex } from "../../support/ids.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/** An output in a file. */
export function outputIn(dir: TempDir, body: Uint8Array): LocalOutput {
  const path = dir.join("output");
  writeFileSync(path, body);
  return { outputId: sha256Hex(body), sizeBytes: body.length, path };
}

/** Damages of that file before it is read. */
export const DAMAGES: [string, (path: string) => void][] = [
  ["gone", (path) => rmSync(path)],
  [
    "a directory",
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  ["shorter", (path) => writeFileSync(path, "hell")],
  ["empty", (path) => writeFileSync(path, "")],
];

/** An output that no file has: its bytes are made in one buffer. */
export function outputOfChunks(body: Uint8Array, made: Uint8Array = body): LocalOutput {
  function* chunks() {
    const chunk = Buffer.alloc(64 << 10);
    for (let at = 0; at < made.length; at += chunk.length) {
      const part = made.subarray(at, at + chunk.length);
      chunk.set(part);
      yield chunk.subarray(0, part.length);
    }
  }
  return { outputId: sha256Hex(body), sizeBytes: body.length, path: "", chunks };
}
