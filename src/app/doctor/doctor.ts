/** From settings to findings. */

import type { ListenAddress } from "../../lib/network/listen-address.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { jobRun } from "../../remote/scope/job-run.ts";
import { type CacheDir, locateCacheDir } from "../cache-dir/cache-dir.ts";
import type { Config } from "../config.ts";
import { connectGreeted, type Greeted } from "../connect/greeted.ts";
import { withoutEmpty } from "../go-env.ts";
import { findLintCaches, type NativeCache } from "../native/native-caches.ts";
import { StartNote } from "../native/start-note.ts";
import { openBucket } from "./bucket/bucket.ts";
import type { Subject } from "./check.ts";
import { type ExamineOptions, examine } from "./examine.ts";

const NO_BUCKET: Pick<Subject, "bucket" | "bucketProblem"> = { bucket: undefined, bucketProblem: undefined };

/** The setup to examine, and the receivers of findings. */
export type DoctorOptions = ExamineOptions &
  Pick<Subject, "config" | "env" | "cwd" | "go" | "cacheprog" | "cacheprogUse" | "unread" | "program">;

/** Makes all checks. They change nothing but one object below `doctor/`, which they remove again. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  const { config, go, cacheprogUse } = options;
  const env = { ...("settings" in go ? goVariables(go.settings) : {}), ...withoutEmpty(options.env) };
  const greeted = cacheprogUse.server && (await greet(cacheprogUse.server.address));
  const dir = locate(options, env, greeted);
  const { bucket, bucketProblem } = options.unread === undefined ? open(config, dir.root, env) : NO_BUCKET;
  const restored = restoredCaches(options, dir, env);
  const subject: Subject = { ...options, env, greeted, dir, restored, bucket, bucketProblem };
  try {
    await examine(subject, options);
  } finally {
    await bucket?.store[Symbol.asyncDispose]();
  }
}

/** The variables that go sets for its helper. */
function goVariables({ GOCACHE, GOOS, GOARCH, GOVERSION }: Record<string, string>) {
  return { GOCACHE, GOOS, GOARCH, GOVERSION };
}

async function greet(address: ListenAddress): Promise<Greeted | undefined> {
  try {
    const greeted = await connectGreeted(address, 0);
    greeted.socket.destroy();
    return greeted;
  } catch {
    return undefined;
  }
}

/** With `connect`, the server's. */
function locate(
  { config, cacheprogUse }: DoctorOptions,
  env: Subject["env"],
  greeted: Greeted | undefined,
): CacheDir {
  const ofServer = cacheprogUse.server?.isUsed === true ? greeted?.server?.cacheDir : undefined;
  return locateCacheDir(ofServer ?? config.cacheDir, env);
}

function restoredCaches({ config, go }: DoctorOptions, { root }: CacheDir, env: Subject["env"]) {
  const run = jobRun(detectCi(env), config.job, Date.now());
  const caches: NativeCache[] = findLintCaches(env);
  if (env.GOCACHE !== undefined) caches.push({ name: "build", path: env.GOCACHE });
  if ("settings" in go) caches.push({ name: "modules", path: go.settings.GOMODCACHE });
  const restored = caches.filter(({ path }) => new StartNote(root, path, run).hasBegun);
  return new Set(restored.map(({ name }) => name));
}

function open(
  { remote }: Config,
  root: string,
  env: Subject["env"],
): Pick<Subject, "bucket" | "bucketProblem"> {
  try {
    const bucket = remote && openBucket({ config: remote, root, env });
    return { bucket, bucketProblem: undefined };
  } catch (error) {
    return { bucket: undefined, bucketProblem: describeError(error) };
  }
}
