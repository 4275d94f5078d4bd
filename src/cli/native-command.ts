/** Shared by the commands that fill go's own cache directory, and those of linters, and read them out. */
import type { RunContext } from "../app/direct.ts";
import { CACHE_KINDS, type CacheChoice, type CacheName, MODULE_FORMS } from "../app/native/native-caches.ts";
import type { NativeConfig } from "../app/native/native-job.ts";
import type { RestoreReport, SaveReport } from "../app/native/reports.ts";
import { formatByteSize } from "../lib/text/byte-size.ts";
import type { Call } from "./command.ts";
import type { Options } from "./options/option.ts";
import { resolveSettings, toConfig } from "./options/settings.ts";
import { parseBoolean, parseChoice, parseChoices } from "./options/values.ts";
import { makeLogger } from "./output.ts";
import { watchProgress } from "./text/progress-line.ts";
import { UsageError } from "./usage-error.ts";

/** Of all of them. */
export const NATIVE_OPTIONS = {
  only: {
    flag: "only",
    placeholder: "CACHES",
    default: CACHE_KINDS.join(","),
    meaning:
      "which caches, comma-separated: build (go's own), lint (those of golangci-lint and staticcheck), modules (what go.sum names of $GOMODCACHE, and the release of go that the job switches to)",
    parse: parseChoices(...CACHE_KINDS),
  },
  modules: {
    flag: "modules",
    placeholder: "FORM",
    default: "auto",
    meaning:
      "what of modules: trees (their files, all that a build needs), zips (go unpacks them), both, auto (trees, and zips that the job has fetched beside, as go mod download does)",
    parse: parseChoice(...MODULE_FORMS),
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

/**
 * Without a bucket, as in a fork whose variables for it are empty, there is no config, and one line says so; `nothing`: its
 * beginning. Throws a `UsageError` for a bucket of the split layout.
 */
export function openNative(
  { flags, env, options }: Pick<Call, "flags" | "env"> & { options: Pick<CacheChoice, "only"> },
  command: string,
  nothing: string,
): { config: NativeConfig | undefined; context: RunContext } {
  const settings = resolveSettings(flags, env);
  const log = makeLogger(settings);
  if (env.GOCACHEPROG && options.only.has("build"))
    log.warn(
      "gocacheprog",
      "GOCACHEPROG is set: go does not use its own cache directory (set one or the other)",
    );
  const { remote, ...config } = toConfig(settings);
  const context = { env, log, watchProgress: watchProgress(env) };
  if (remote?.layout === "split") throw new UsageError(`"${command}" needs --layout=packed or both`);
  if (remote !== undefined) return { config: { ...config, remote }, context };
  log.say(`${nothing}: no bucket is set (--bucket or GOCACHE_S3_BUCKET)`);
  return { config: undefined, context };
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
