/**
 * A long life of a server, compressed in time: the load of eight hours, without pauses, in steps. Between two steps
 * there are no requests, and a sample is taken.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { Semaphore } from "../../src/lib/async/semaphore.ts";
import { binaryPath, s3Flags } from "../support/binary.ts";
import { startPluginServer } from "../support/plugin-server.ts";
import { type Outcome, plainEnv, run } from "../support/process.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { DownloadLoad, startSources } from "./downloads.ts";
import { fillFar, SessionLoad } from "./sessions.ts";
import { quiet, type Sample, takeSample } from "./watch.ts";

const SESSIONS_AT_ONCE = 25;
const REQUESTS_AT_ONCE = 8;

export interface SoakOptions {
  steps: number;
  sessionsPerStep: number;
  requestsPerStep: number;
  onSample?: (sample: Sample) => void;
}

export interface SoakReport {
  /** One after each step. */
  samples: Sample[];
  /** How the server ended. */
  end: Outcome;
}

/** Runs all of it. Rejects when anything is answered wrongly, and does not end if the server never becomes idle. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("soak"));
  const s3 = stack.use(await startS3Server());
  const sources = stack.use(await startSources());
  const s3Options = s3Flags(s3, { prefix: "soak", layout: "packed" });
  const [cacheDir, farDir] = [dir.join("cache"), dir.join("far")];
  for (const each of [cacheDir, farDir]) mkdirSync(each);
  await fillFar({ cacheDir: farDir, flags: s3Options, env: s3.env });

  const flags = [...s3Options, ...sources.flags];
  const env = { ...s3.env, ...sources.tls.trustEnv, GOENV: "off", HOME: dir.path };
  const server = stack.use(await startPluginServer({ cacheDir, flags, env, cwd: dir.path }));
  const caPath = await printCa(dir.join("ca.pem"), [`--cache-dir=${cacheDir}`, ...sources.flags.slice(-1)]);
  const sessions = new SessionLoad({ plugin: server.plugin, cacheDir, cwd: dir.path });
  const downloads = new DownloadLoad(server.http, sources, caPath);

  const samples: Sample[] = [];
  const { steps, sessionsPerStep, requestsPerStep, onSample } = options;
  const startedMs = performance.now();
  let movedBytes = 0;
  for (let step = 0; step < steps; step++) {
    sessions.forgetFar();
    await Promise.all([
      atOnce(SESSIONS_AT_ONCE, sessionsPerStep, (index) => sessions.run(step * sessionsPerStep + index)),
      atOnce(REQUESTS_AT_ONCE, requestsPerStep, async (index) => {
        const bytes = await downloads.run(step * requestsPerStep + index);
        movedBytes += bytes;
      }),
    ]);
    // The recorded requests of the sources do not belong to the server.
    for (const seen of [sources.upstream.requested, ...[sources.tls, sources.plain].flatMap(seenOf)])
      seen.length = 0;
    const open = await quiet(server, cacheDir);
    const sample = await takeSample(server, cacheDir, {
      ...open,
      seconds: (performance.now() - startedMs) / 1000,
      sessions: (step + 1) * sessionsPerStep,
      requests: (step + 1) * requestsPerStep,
      movedBytes,
    });
    samples.push(sample);
    onSample?.(sample);
  }
  return { samples, end: await server.stop() };
}

/** Runs `count` of them, a few at a time. */
async function atOnce(limit: number, count: number, run: (index: number) => Promise<void>): Promise<void> {
  const slots = new Semaphore(limit);
  await Promise.all(Array.from({ length: count }, (_, index) => slots.run(() => run(index))));
}

async function printCa(path: string, flags: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run([binaryPath(), "ca", "print", ...flags], {
    env: plainEnv(),
  });
  if (exitCode !== 0) throw new Error(stderr);
  writeFileSync(path, stdout);
  return path;
}

function seenOf({ seen, requests }: { seen: unknown[]; requests: unknown[] }): unknown[][] {
  return [seen, requests];
}
