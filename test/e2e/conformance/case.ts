/** One conformance case, and how it runs. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { Answer } from "../../support/cacheprog-answers.ts";
import { CacheprogClient, type ClientOptions, type Ending } from "../../support/cacheprog-client.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { plainEnv } from "../../support/process.ts";
import type { S3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { seen } from "./messages.ts";

/** The resources of a case. Each has its own, except for the S3 server. */
export interface Setup {
  dir: TempDir;
  cacheDir: string;
  s3: S3Server;
  /** Starts a helper on `cacheDir`. */
  start(options?: Partial<ClientOptions>): Promise<CacheprogClient>;
}

type Step =
  /** Bytes for the helper, and all expected answers, in any order. */
  | { send: string; expect?: Answer[]; pace?: "at once" | "byte by byte" }
  /** Changes the file that the last answer named. */
  | { spoil: (diskPath: string) => void };

export interface Case {
  /** The expected behaviour. */
  behaves: string;
  /** Bytes in, answers out; then stdin is closed. */
  steps?: Step[];
  /** How the helper ends after `steps`; default: exit code 0, no output. */
  ends?: { exitCode: number; stderr: string };
  /** The files in the cache directory after `steps`, if that matters. */
  leaves?: string[];
  /** A case that steps can't express. */
  run?: (setup: Setup) => Promise<void>;
}

/** A failure with one line on stderr. */
export const FAILS_WITH_A_MESSAGE = {
  exitCode: 1,
  stderr: expect.stringMatching(/^go-cache-plugin: .+\n$/) as unknown as string,
};

/** Runs one case. */
export async function playCase(played: Case, s3: S3Server): Promise<void> {
  await using dir = tempDir("conformance");
  const cacheDir = dir.join("cache");
  const start = (options: Partial<ClientOptions> = {}) =>
    CacheprogClient.start({
      ...options,
      args: [`--cache-dir=${cacheDir}`, ...(options.args ?? [])],
      // Also the location of the helper's fallback directory.
      env: { ...(options.env ?? plainEnv()), TMPDIR: dir.path },
    });
  const setup: Setup = { dir, cacheDir, s3, start };
  if (played.steps !== undefined) await playSteps(setup, played, played.steps);
  await played.run?.(setup);
}

/** Files of entries and temporary files below the cache directory. */
export function entryFiles(cacheDir: string): string[] {
  return ["action", "output", "tmp"].flatMap((name) =>
    filesBelow(join(cacheDir, name)).map((file) => `${name}/${file}`),
  );
}

/** Ends stdin and expects exit code 0 and no output on stderr. */
export async function expectCleanEnd(client: CacheprogClient): Promise<void> {
  await client.end();
  await expectCleanExit(client);
}

/** Waits for the helper to exit, and expects exit code 0 and no output on stderr. */
export async function expectCleanExit(client: CacheprogClient): Promise<void> {
  const clean: Ending = { exitCode: 0, signal: null, stderr: "" };
  expect(await client.ended()).toEqual(clean);
}

async function playSteps(setup: Setup, played: Case, steps: Step[]): Promise<void> {
  await using client = await setup.start();
  const expected: Answer[] = [];
  let diskPath = "";
  for (const step of steps) {
    if ("spoil" in step) step.spoil(diskPath);
    else {
      await sendPaced(client, step.send, step.pace ?? "at once");
      for (const answer of step.expect ?? []) {
        const got = await client.answer(answer.ID);
        expect(seen(got)).toEqual(answer);
        diskPath = got.DiskPath ?? diskPath;
        expected.push(answer);
      }
    }
  }
  const { answers, exitCode, stderr } = await client.finish();
  const { ends = { exitCode: 0, stderr: "" } } = played;
  expect({ exitCode, stderr }).toEqual(ends);
  expect(new Set(answers.map(({ ID }) => ID))).toEqual(new Set(expected.map(({ ID }) => ID)));
  if (played.leaves !== undefined) expect(entryFiles(setup.cacheDir)).toEqual(played.leaves);
}

async function sendPaced(client: CacheprogClient, bytes: string, pace: string): Promise<void> {
  const pieces = pace === "byte by byte" ? [...bytes] : [bytes];
  for (const piece of pieces) await client.send(piece);
}
