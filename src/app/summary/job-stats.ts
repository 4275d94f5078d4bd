/** `stats`: the sums of this job's go commands. */
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { type JobRun, jobRun } from "../../remote/scope/job-run.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import type { Config } from "../config.ts";
import { withGoCache } from "../go-env.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { JobFile } from "./job-file.ts";

export interface JobStats extends JobRun {
  /** When the first of them started; `undefined`: none has ended or put anything. */
  sinceMs: number | undefined;
  /** How many there were. */
  goCommands: number;
  figures: Figures;
  /** The sums, by the names of `--metrics`. */
  counts: Record<string, number>;
}

/** `isReset`: resets the counts afterwards. */
export function jobStats(
  { cacheDir, job }: Config,
  env: Record<string, string | undefined>,
  isReset: boolean,
): JobStats {
  const { root } = locateCacheDir(cacheDir, withGoCache(env));
  const run = jobRun(detectCi(env), job, Date.now());
  const file = new JobFile(root, run);
  const { atMs, sessions = 0, counts = {} } = file.read() ?? {};
  if (isReset) file.reset();
  return { ...run, sinceMs: atMs, goCommands: sessions, figures: figuresOf(counts), counts: inOrder(counts) };
}

function inOrder(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
