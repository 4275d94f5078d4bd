/** From flags, environment and defaults to the program's `Config`; flags override variables, variables override defaults. */
import { posix } from "node:path";
import type { BucketConfig, Config, RemoteConfig, ServeConfig, TrustConfig } from "../../app/config.ts";
import type { BucketAddress } from "./bucket-values.ts";
import { type CommonOption, dashed, parseOptions } from "./option.ts";
import { OPTIONS, type Settings } from "./options.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** go opens files long after the lookup, so pruning keeps everything used within this time. */
export const EXPIRY_FLOOR_MS = 6 * 3_600_000;

/** The value of every option, or a `UsageError` that names the wrong flag or variable. */
export function resolveSettings(flags: ReadonlyMap<string, string>, env: Environment): Settings {
  return parseOptions(OPTIONS, ({ flag, env: variable }: CommonOption) => {
    const text = flags.get(flag);
    if (text !== undefined) return { text, name: dashed(flag) };
    return env[variable] ? { text: env[variable], name: variable } : undefined;
  });
}

/** The settings as the rest of the program takes them. */
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
    testResults: settings.testResults,
    verbose,
    debug,
    serve: serveConfig(settings),
  };
}

/** -v implies the summary, as in tailscale/go-cache-plugin. With a JSON log the summary is JSON too. */
function metricsForm({ metrics, verbose, logFormat }: Settings): Config["metrics"] {
  const isWanted = metrics !== "off" || verbose;
  if (!isWanted) return "off";
  return metrics === "json" || logFormat === "json" ? "json" : "summary";
}

function serveConfig(settings: Settings): ServeConfig {
  const { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect } = settings;
  return { plugin, http, modproxy, sumdb, upstream, revproxy, forwardConnect };
}

/** With keys to trust but none to sign with, a run is read-only: its unsigned uploads would only hide signed ones. */
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
    sharesTestResults: settings.testResults === "share",
    ...limits,
  };
}

/** Without duplicates and without the own prefix. */
function readPrefixes({ prefix, readPrefixes }: Settings): string[] {
  const seen = new Set([posix.join(prefix, "/")]);
  return readPrefixes.filter((other) => {
    const name = posix.join(other, "/");
    return !seen.has(name) && seen.add(name);
  });
}

/** A run that signs trusts its own key, so that its outputs do not depend on unsigned entries. */
function trustConfig({ signKey, trustKeys, signForMs, trustSplit }: Settings): TrustConfig | undefined {
  const keys = signKey === undefined ? trustKeys : [signKey.publicKey, ...trustKeys];
  return keys.length === 0 ? undefined : { keys, signKey, signForMs, readsSplit: trustSplit };
}

/** The same name for the same keys in any order. */
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
