import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { flood, type Mutation, mutate, mutation } from "./mutation.ts";
import type { Recordings } from "./recordings/recordings.ts";
import { type FuzzTarget, holds } from "./target.ts";

/** Only a guard against hanging: the slowest input takes a five-hundredth of it. */
const HANG_MS = 120_000;
/** Mutations of one case. */
const MAX_MUTATIONS = 6;
/** An input this large is written to a file before it is tried, in case this process must be killed. */
const NOTED_BYTES = 16 << 10;
/** Further findings are most likely the same. */
const MAX_FINDINGS = 5;
/** The maximum of cases between two findings: fast-check stops at the first. */
const ROUND = 10_000;
/** Format words that mean something to several parsers. */
const COMMON_WORDS = [
  "\0",
  "\n",
  "\r\n",
  " ",
  "\t",
  "/",
  "..",
  "../",
  "%2e",
  "%00",
  '"',
  "\\",
  "{",
  "[",
  "}",
  "]",
  ",",
  "\xff",
  "\x1b[31m",
];

/** An input that broke the target's promise. */
export interface Finding {
  input: Uint8Array;
  message: string;
}

export interface FuzzReport {
  name: string;
  cases: number;
  seconds: number;
  accepted: number;
  refused: number;
  findings: Finding[];
}

export interface FuzzOptions {
  cases: number;
  seed: number;
  /** The file for large inputs before they are tried; `undefined`: none. */
  notePath?: string | undefined;
  /** Called now and then with the number of tried cases. */
  onProgress?: (cases: number) => void;
}

/** Tries recordings, unchanged and mutated, and returns a report. Each finding is shrunk. */
export async function runTarget(
  target: FuzzTarget,
  all: Recordings,
  options: FuzzOptions,
): Promise<FuzzReport> {
  const recordings = target.recordings(all);
  holds(recordings.length > 0, `${target.name} has no recordings`);
  const report = {
    name: target.name,
    cases: 0,
    seconds: 0,
    accepted: 0,
    refused: 0,
    findings: [] as Finding[],
  };
  const stock = { recordings, words: [...COMMON_WORDS, ...(target.words ?? [])] };
  const startedMs = performance.now();
  const attempt = async (input: Buffer<ArrayBuffer>) => {
    if (options.notePath !== undefined && input.length > NOTED_BYTES) writeFileSync(options.notePath, input);
    const beganMs = performance.now();
    report[await target.attempt(input)]++;
    report.cases++;
    const tookMs = performance.now() - beganMs;
    holds(tookMs < HANG_MS, `it takes ${Math.round(tookMs)} ms`);
  };
  for (const recording of recordings) {
    const whole = mutate(recording, [], stock);
    await attempt(whole).catch((error) => note(report.findings, { input: whole, message: messageOf(error) }));
  }
  const change = fc.oneof(
    { weight: 400, arbitrary: fc.array(mutation, { minLength: 1, maxLength: MAX_MUTATIONS }) },
    { weight: 1, arbitrary: fc.tuple(flood) },
  );
  const input = fc
    .tuple(fc.nat(recordings.length - 1), change)
    .map(([index, changes]: [number, Mutation[]]) =>
      mutate(recordings[index] ?? Buffer.alloc(0), changes, stock),
    );
  for (let round = 0; report.cases < options.cases && report.findings.length < MAX_FINDINGS; round++) {
    const numRuns = Math.min(ROUND, options.cases - report.cases);
    const outcome = await fc.check(fc.asyncProperty(input, attempt), { seed: options.seed + round, numRuns });
    options.onProgress?.(report.cases);
    const [found] = outcome.counterexample ?? [];
    if (found !== undefined)
      note(report.findings, { input: found, message: messageOf(outcome.errorInstance) });
  }
  report.seconds = (performance.now() - startedMs) / 1000;
  await target.close?.();
  return report;
}

function note(findings: Finding[], finding: Finding): void {
  // Without the part that quotes the input.
  const kindOf = ({ message }: Finding) => message.replace(/["\d].*/s, "");
  if (!findings.some((known) => kindOf(known) === kindOf(finding))) findings.push(finding);
}

function messageOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? String(error)).split("\n").slice(0, 4).join(" ")
    : String(error);
}
