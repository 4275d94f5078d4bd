/** One row of the table of conformance cases, and how it is played. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { Answer } from "../../support/cacheprog-answers.ts";
import { CacheprogClient, type ClientOptions, type Ending } from "../../support/cacheprog-client.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { plainEnv } from "../../support/process.ts";
import type { S3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { seen } from "./messages.ts";

/** What a row has to work with: everything is its own except the S3 server. */
export interface Setup {
  dir: TempDir;
  cacheDir: string;
  s3: S3Server;
  /** Starts a helper on `cacheDir`. */
  start(options?: Partial<ClientOptions>): Promise<CacheprogClient>;
}

type Step =
  /** Bytes for the helper, and all answers that must come of them, in any order. */
  | { send: string; expect?: Answer[]; pace?: "at once" | "byte by byte" }
  /** Something done to the file that the last answer named. */
  | { spoil: (diskPath: string) => void };

export interface Case {
  /** Its number in the protocol notes. */
  row: number;
  behaves: string;
  /** Bytes in, answers out; then stdin is closed. */
  steps?: Step[];
  /** How the helper ends after `steps`; by default well and without a word. */
  ends?: { exitCode: number; stderr: string };
  /** What the cache directory holds after `steps`, when that matters. */
  leaves?: string[];
  /** What can't be said in steps. */
  run?: (setup: Setup) => Promise<void>;
}

/** An ending with one line of explanation. */
export const FAILS_WITH_A_MESSAGE = {
  exitCode: 1,
  stderr: expect.stringMatching(/^go-cache-plugin: .+\n$/) as unknown as string,
};

/** Plays one row. */
export async function playCase(row: Case, s3: S3Server): Promise<void> {
  await using dir = tempDir("conformance");
  const cacheDir = dir.join("cache");
  const start = (options: Partial<ClientOptions> = {}) =>
    CacheprogClient.start({
      ...options,
      args: [`--cache-dir=${cacheDir}`, ...(options.args ?? [])],
      // Also where the helper turns to when it can't write to its cache directory.
      env: { ...(options.env ?? plainEnv()), TMPDIR: dir.path },
    });
  const setup: Setup = { dir, cacheDir, s3, start };
  if (row.steps !== undefined) await playSteps(setup, row, row.steps);
  await row.run?.(setup);
}

/** Files of entries and half-written ones below the cache directory. */
export function entryFiles(cacheDir: string): string[] {
  return ["action", "output", "tmp"].flatMap((name) =>
    filesBelow(join(cacheDir, name)).map((file) => `${name}/${file}`),
  );
}

/** Ends stdin and expects the helper to go well and without a word. */
export async function expectCleanEnd(client: CacheprogClient): Promise<void> {
  await client.end();
  await expectCleanExit(client);
}

/** Expects the helper to be gone, or to go, well and without a word. */
export async function expectCleanExit(client: CacheprogClient): Promise<void> {
  const clean: Ending = { exitCode: 0, signal: null, stderr: "" };
  expect(await client.ended()).toEqual(clean);
}

async function playSteps(setup: Setup, row: Case, steps: Step[]): Promise<void> {
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
  const { ends = { exitCode: 0, stderr: "" } } = row;
  expect({ exitCode, stderr }).toEqual(ends);
  expect(new Set(answers.map(({ ID }) => ID))).toEqual(new Set(expected.map(({ ID }) => ID)));
  if (row.leaves !== undefined) expect(entryFiles(setup.cacheDir)).toEqual(row.leaves);
}

async function sendPaced(client: CacheprogClient, bytes: string, pace: string): Promise<void> {
  const pieces = pace === "byte by byte" ? [...bytes] : [bytes];
  for (const piece of pieces) await client.send(piece);
}
