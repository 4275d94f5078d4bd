import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/** Recordings of builds through the executable. */
export interface BuildFiles {
  /** go's requests to its helper, one session each. */
  sessions: Buffer[];
  /** Objects of both layouts, by key. */
  bucket: Map<string, Buffer>;
  /** Files of the cache directory, by path; the journal and the breaker's state are from a failing bucket. */
  cacheDir: Map<string, Buffer>;
}

/** Packages without imports: go compiles nothing of the standard library. */
const FILES = {
  "a/a.go":
    "// Package a is small.\npackage a\n\n// Twice doubles.\nfunc Twice(n int) int { return 2 * n }\n",
  "b/b.go":
    '// Package b uses a.\npackage b\n\nimport "example.com/small/a"\n\n// Four is four.\nfunc Four() int { return a.Twice(2) }\n',
  "b/b_test.go": "package b\n",
};

export async function recordBuilds(dir: TempDir, machine: GoMachine): Promise<BuildFiles> {
  const cwd = smallModule(dir);
  const bucket = `--bucket=file://${dir.join("bucket")}`;
  const away = ["--bucket=away", "--s3-endpoint-url=http://127.0.0.1:9", "--region=us-east-1"];
  const env = {
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "secret-of-test",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const sessions = [];
  for (const [index, flags] of [[bucket, "--layout=both"], [bucket], away].entries()) {
    const stream = dir.join(`session-${index}`);
    const cache = dir.join(`cache-${index}`);
    const cacheprog = tee(dir.join(`tee-${index}`), stream, [...flags, `--cache-dir=${cache}`]);
    const { exitCode, stderr } = await go({ ...machine, cacheprog, env }, ["build", "./..."], { cwd });
    if (exitCode !== 0) throw new Error(`go build: ${stderr}`);
    sessions.push(readFileSync(stream));
  }
  const cacheDir = new Map([0, 1, 2].flatMap((index) => [...contents(dir.join(`cache-${index}`))]));
  return { sessions, bucket: contents(dir.join("bucket")), cacheDir };
}

/** Writes the module to build; returns its directory. */
export function smallModule(dir: TempDir): string {
  return writeModule(dir.join("small"), "example.com/small", FILES);
}

/** A helper that records its requests. */
function tee(path: string, stream: string, flags: string[]): string {
  const quoted = flags.map((flag) => `'${flag}'`).join(" ");
  writeFileSync(path, `#!/bin/sh\ntee '${stream}' | '${binaryPath()}' ${quoted}\n`);
  chmodSync(path, 0o755);
  return path;
}

function contents(root: string): Map<string, Buffer> {
  return new Map(filesBelow(root).map((name) => [name, readFileSync(`${root}/${name}`)]));
}
