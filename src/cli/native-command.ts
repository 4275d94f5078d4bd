/** Shared by the commands that fill go's own cache directory, and those of linters, and read them out. */
import type { Config } from "../app/config.ts";
import type { RunContext } from "../app/direct.ts";
import { CACHE_KINDS, type CacheName } from "../app/native/native-caches.ts";
import type { NativeConfig } from "../app/native/native-job.ts";
import type { RestoreReport } from "../app/native/restore.ts";
import type { SaveReport } from "../app/native/save.ts";
import { formatByteSize } from "../lib/text/byte-size.ts";
import { requireBucket } from "./bucket-commands.ts";
import type { Call } from "./command.ts";
import type { Options } from "./options/option.ts";
import { resolveSettings, toConfig } from "./options/settings.ts";
import { parseBoolean, parseChoices } from "./options/values.ts";
import { makeLogger } from "./output.ts";
import { watchProgress } from "./text/progress-line.ts";
import { UsageError } from "./usage-error.ts";

/** Of all of them. */
export const NATIVE_OPTIONS = {
  only: {
    flag: "only",
    placeholder: "CACHES",
    default: CACHE_KINDS.join(","),
    meaning: "which caches, comma-separated: build (go's own), lint (those of golangci-lint and staticcheck)",
    parse: parseChoices(...CACHE_KINDS),
  },
} satisfies Options;

/** Of the commands that begin a job. */
export const JOB_OPTIONS = {
  ...NATIVE_OPTIONS,
  setsMtimes: {
    flag: "mtimes",
    default: "true",
    meaning: "in CI, first set the same file times in every checkout, as the command mtimes does",
    parse: parseBoolean,
  },
} satisfies Options;

/** Throws a `UsageError` without a bucket of the packed layout. */
export function openNative(
  call: Pick<Call, "flags" | "env">,
  command: string,
): { config: NativeConfig; context: RunContext } {
  const { config, context } = openContext(call);
  return { config: requireNative(config, command), context };
}

/** The same, also without a bucket. */
export function openContext({ flags, env }: Pick<Call, "flags" | "env">): {
  config: Config;
  context: RunContext;
} {
  const settings = resolveSettings(flags, env);
  const log = makeLogger(settings);
  if (env.GOCACHEPROG)
    log.warn(
      "gocacheprog",
      "GOCACHEPROG is set: go does not use its own cache directory (set one or the other)",
    );
  return { config: toConfig(settings), context: { env, log, watchProgress: watchProgress(env) } };
}

/** Throws a `UsageError` unless there is a bucket of the packed layout. */
export function requireNative(config: Config, command: string): NativeConfig {
  const remote = requireBucket(config, command);
  if (remote.layout === "split") throw new UsageError(`"${command}" needs --layout=packed or both`);
  return { ...config, remote };
}

export function restoredLine({ name, path, ...report }: RestoreReport): string {
  const { records, entries, missing, fetchedBytes } = report;
  if (records === 0) return `${startOf(name)}no earlier run of this job is known`;
  const rest = missing === 0 ? "" : `; ${missing} could not be restored`;
  return `${startOf(name)}${entries - missing} entries are in ${path}, ${formatByteSize(fetchedBytes)} fetched${rest}`;
}

export function savedLine({ name, used, added, uploadedBytes, isComplete }: SaveReport): string {
  const rest = isComplete ? "" : "; not all could be saved";
  return `${startOf(name)}${used} entries used, ${added} of them new, ${formatByteSize(uploadedBytes)} uploaded${rest}`;
}

function startOf(name: CacheName): string {
  return name === "build" ? "" : `${name}: `;
}
