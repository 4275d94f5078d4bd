/** From flags, environment and defaults to the program's `Config`: a flag beats the environment beats the default. */
import { posix } from "node:path";
import type { BucketConfig, Config, RemoteConfig, ServeConfig, TrustConfig } from "../../app/config.ts";
import type { BucketAddress } from "./bucket-values.ts";
import { type CommonOption, dashed, parseOptions } from "./option.ts";
import { OPTIONS, type Settings } from "./options.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** go opens files it was told of long before: nothing used within this time may be pruned. */
export const EXPIRY_FLOOR_MS = 6 * 3_600_000;

/** The value of every option, or a `UsageError` that names the flag or variable to blame. */
export function resolveSettings(flags: ReadonlyMap<string, string>, env: Environment): Settings {
  return parseOptions(OPTIONS, ({ flag, env: variable }: CommonOption) => {
    const text = flags.get(flag);
    if (text !== undefined) return { text, name: dashed(flag) };
    return env[variable] ? { text: env[variable], name: variable } : undefined;
  });
}

/** The settings in the shape that the program is built from. */
export function toConfig(settings: Settings): Config {
  const { cacheDir, maxSizeBytes, concurrency, drain, drainTimeoutMs, verbose, debug } = settings;
  const trust = trustConfig(settings);
  return {
    cacheDir: trust === undefined ? cacheDir : { path: cacheDir, trustSet: trustSetName(trust) },
    remote: settings.bucket === undefined ? undefined : remoteConfig(settings.bucket, settings, trust),
    expiryMs: settings.expiryMs === undefined ? undefined : Math.max(settings.expiryMs, EXPIRY_FLOOR_MS),
    maxSizeBytes,
    concurrency,
    drain,
    drainTimeoutMs,
    metrics: metricsForm(settings),
    job: settings.job,
    verbose,
    debug,
    serve: serveConfig(settings),
  };
}

/** As in the seed: who wants to hear everything gets the counters too. Whoever reads JSON gets nothing else. */
function metricsForm({ metrics, verbose, logFormat }: Settings): Config["metrics"] {
  const isWanted = metrics !== "off" || verbose;
  if (!isWanted) return "off";
  return metrics === "json" || logFormat === "json" ? "json" : "summary";
}

function serveConfig(settings: Settings): ServeConfig {
  const { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect } = settings;
  return { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect };
}

/** Who trusts keys, and has none to sign with, could use nothing of what it writes: it only hides what is signed. */
function remoteConfig(
  address: BucketAddress,
  settings: Settings,
  trust: TrustConfig | undefined,
): RemoteConfig {
  const { prefix, layout, project, job, minUploadBytes, uploadConcurrency, timeoutMs } = settings;
  const bucket = bucketConfig(address, settings);
  const readOnly = settings.readOnly || (trust !== undefined && trust.signKey === undefined);
  const limits = { minUploadBytes, uploadConcurrency, timeoutMs };
  return {
    bucket,
    prefix,
    readPrefixes: readPrefixes(settings),
    trust,
    layout,
    project,
    job,
    readOnly,
    ...limits,
  };
}

/** Each once, and not the own one again. */
function readPrefixes({ prefix, readPrefixes }: Settings): string[] {
  const seen = new Set([posix.join(prefix, "/")]);
  return readPrefixes.filter((other) => {
    const name = posix.join(other, "/");
    return !seen.has(name) && seen.add(name);
  });
}

/** A run that signs trusts its own key: it must not build on what it would not sign. */
function trustConfig({ signKey, trustKeys, signForMs, trustSplit }: Settings): TrustConfig | undefined {
  const keys = signKey === undefined ? trustKeys : [signKey.publicKey, ...trustKeys];
  return keys.length === 0 ? undefined : { keys, signKey, signForMs, readsSplit: trustSplit };
}

/** The same for the same keys, in whatever order. */
function trustSetName({ keys }: TrustConfig): string {
  const names = new Set(keys.map((key) => Buffer.from(key).toString("hex")));
  const inOrder = [...names].sort((a, b) => (a < b ? -1 : 1));
  return new Bun.CryptoHasher("sha256").update(inOrder.join("\n")).digest("hex").slice(0, 16);
}

function bucketConfig(address: BucketAddress, settings: Settings): BucketConfig {
  if (address.kind === "directory") return address;
  const { region, endpointUrl, pathStyle } = settings;
  return { ...address, region, endpointUrl, pathStyle };
}
