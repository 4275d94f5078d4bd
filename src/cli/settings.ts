/** From flags, environment and defaults to the program's `Config`: a flag beats the environment beats the default. */
import type { BucketConfig, Config, RemoteConfig, ServeConfig } from "../app/config.ts";
import type { BucketAddress } from "./bucket-values.ts";
import { dashed, OPTIONS, type Option, type Settings } from "./options.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** go opens files it was told of long before: nothing used within this time may be pruned. */
export const EXPIRY_FLOOR_MS = 6 * 3_600_000;

/** The value of every option, or a `UsageError` that names the flag or variable to blame. */
export function resolveSettings(flags: ReadonlyMap<string, string>, env: Environment): Settings {
  const entries = Object.entries(OPTIONS).map(([key, option]) => [key, resolveOption(option, flags, env)]);
  // Key by key what each option's own parser returned, which is how Settings is defined.
  return Object.fromEntries(entries) as Settings;
}

function resolveOption(option: Option, flags: ReadonlyMap<string, string>, env: Environment): unknown {
  const flag = flags.get(option.flag);
  if (flag !== undefined) return option.parse(flag, dashed(option.flag));
  const variable = env[option.env];
  if (variable !== undefined && variable !== "") return option.parse(variable, option.env);
  return option.parse(option.default, dashed(option.flag));
}

/** The settings in the shape that the program is built from. */
export function toConfig(settings: Settings): Config {
  const { cacheDir, maxSizeBytes, concurrency, drain, drainTimeoutMs, verbose, debug } = settings;
  return {
    cacheDir,
    remote: settings.bucket === undefined ? undefined : remoteConfig(settings.bucket, settings),
    expiryMs: settings.expiryMs === undefined ? undefined : Math.max(settings.expiryMs, EXPIRY_FLOOR_MS),
    maxSizeBytes,
    concurrency,
    drain,
    drainTimeoutMs,
    // As in the seed: who wants to hear everything gets the counters too.
    printMetrics: settings.printMetrics || verbose,
    verbose,
    debug,
    serve: serveConfig(settings),
  };
}

function serveConfig(settings: Settings): ServeConfig {
  const { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect } = settings;
  return { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect };
}

function remoteConfig(address: BucketAddress, settings: Settings): RemoteConfig {
  const { prefix, layout, project, job, readOnly, minUploadBytes, uploadConcurrency, timeoutMs } = settings;
  const bucket = bucketConfig(address, settings);
  return { bucket, prefix, layout, project, job, readOnly, minUploadBytes, uploadConcurrency, timeoutMs };
}

function bucketConfig(address: BucketAddress, settings: Settings): BucketConfig {
  if (address.kind === "directory") return address;
  const { region, endpointUrl, pathStyle } = settings;
  return { ...address, region, endpointUrl, pathStyle };
}
