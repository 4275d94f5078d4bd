/**
 * Finds access keys: in the environment, or with the AWS SDK's chain of providers (shared files, SSO, web identity,
 * process, container, instance). The chain is loaded when the first request needs it. Concurrent callers share one
 * lookup.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
import { type Clock, systemClock } from "../../lib/async/clock.ts";
import { chainFailure } from "./chain-failure.ts";
import { sharedFilePaths } from "./shared-files.ts";

/** One identity's keys. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  expiration?: Date | undefined;
}

/** No provider has keys. */
const NO_CREDENTIALS =
  "no AWS credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile with AWS_PROFILE " +
  "(see: aws configure, aws sso login), or give this machine a role";

/** The chain does not report which of these applies. */
function noneInProfile(name: string): string {
  return (
    `no credentials from the AWS profile ${name}: it is missing, incomplete or expired ` +
    `(see: aws sts get-caller-identity --profile ${name})`
  );
}

/** Keys are refreshed this long before they expire. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Results, including failures, are cached at least this long, since a lookup can take seconds. */
const CACHE_MS = 10_000;

export class CredentialSource {
  readonly #env: Record<string, string | undefined>;
  readonly #allowAnonymous: boolean;
  readonly #clock: Clock;
  #cached: Promise<Credentials | undefined> | undefined;
  #cachedUntilMs = 0;
  /** Earliest time of the next lookup of refused keys. */
  #refusedUntilMs = 0;

  /** `allowAnonymous`: without any keys, requests are not signed, as for a public bucket. */
  constructor(options: {
    env: Record<string, string | undefined>;
    allowAnonymous: boolean;
    clock?: Clock | undefined;
  }) {
    this.#env = options.env;
    this.#allowAnonymous = options.allowAnonymous;
    this.#clock = options.clock ?? systemClock;
  }

  /** The keys to sign with; `undefined`: don't sign. */
  get(): Promise<Credentials | undefined> {
    const cached = this.#cached;
    if (cached !== undefined && this.#clock.nowMs() < this.#cachedUntilMs) return cached;
    const loading = cached === undefined ? this.#load() : this.#refresh(cached);
    this.#cache(loading);
    return loading;
  }

  #cache(loading: Promise<Credentials | undefined>): void {
    this.#cached = loading;
    this.#cachedUntilMs = Number.POSITIVE_INFINITY;
    loading.then(
      (found) => this.#cacheUntil(loading, refreshMs(found, this.#clock.nowMs())),
      () => this.#cacheUntil(loading, this.#clock.nowMs() + CACHE_MS),
    );
  }

  /**
   * Handles a refusal of `used`, which may have expired or been rotated. Looks up keys again unless another caller just
   * did. Returns whether to retry: there are other keys now, or the lookup failed. Never rejects.
   */
  async replace(used: Credentials): Promise<boolean> {
    const cached = this.#cached;
    const current = await cached?.catch(() => undefined);
    if (current === used && this.#cached === cached) this.#reload(used);
    try {
      const found = await this.get();
      return found !== undefined && !isSame(found, used);
    } catch {
      // The next attempt reports it.
      return true;
    }
  }

  #reload(used: Credentials): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#refusedUntilMs) return;
    this.#refusedUntilMs = nowMs + CACHE_MS;
    // A file may be empty while it is rewritten. Later requests must not become unsigned because of that.
    this.#cache(this.#load().then((found) => found ?? used));
  }

  #cacheUntil(loading: Promise<unknown>, untilMs: number): void {
    if (this.#cached === loading) this.#cachedUntilMs = untilMs;
  }

  /** Looks up new keys. If that fails, keeps the old ones until they expire. */
  async #refresh(cached: Promise<Credentials | undefined>): Promise<Credentials | undefined> {
    const old = await cached.catch(() => undefined);
    try {
      return await this.#load();
    } catch (error) {
      if (old?.expiration === undefined || old.expiration.getTime() <= this.#clock.nowMs()) throw error;
      return old;
    }
  }

  async #load(): Promise<Credentials | undefined> {
    const fromEnv = environmentCredentials(this.#env);
    if (fromEnv !== undefined) return fromEnv;
    try {
      return await loadChain(this.#env);
    } catch (error) {
      if (!isNothingFound(error)) throw chainFailure(error, this.#env);
      if (this.#env.AWS_PROFILE) throw new Error(noneInProfile(this.#env.AWS_PROFILE), { cause: error });
      if (this.#allowAnonymous) return undefined;
      throw new Error(NO_CREDENTIALS, { cause: error });
    }
  }
}

function isSame(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  );
}

/** The keys that the chain would find first. Avoids loading the chain, which takes longer than a whole warm build. */
function environmentCredentials(env: Record<string, string | undefined>): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey || env.AWS_PROFILE) return undefined;
  const sessionToken = env.AWS_SESSION_TOKEN;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

async function loadChain(env: Record<string, string | undefined>): Promise<Credentials> {
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  const { SdkRequests } = await import("./sdk-requests.ts");
  const profile = env.AWS_PROFILE;
  // A new chain each time: a chain caches its keys, even if the server reported them as expired.
  const provider = defaultProvider({
    ...sharedFilePaths(env),
    ...(profile ? { profile } : {}),
    ignoreCache: true,
    logger: SILENT,
    clientConfig: { requestHandler: new SdkRequests(env) },
  });
  return await provider();
}

/** The SDK's marks for the source of keys, most specific first; see `$source` in `@aws-sdk/types`. */
const PROVIDERS: readonly (readonly [feature: string, words: string])[] = [
  ["CREDENTIALS_PROFILE_SSO", "single sign-on of the profile"],
  ["CREDENTIALS_PROFILE_SSO_LEGACY", "single sign-on of the profile"],
  ["CREDENTIALS_SSO", "single sign-on"],
  ["CREDENTIALS_SSO_LEGACY", "single sign-on"],
  ["CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN", "web identity of the profile"],
  ["CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN", "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"],
  ["CREDENTIALS_PROFILE_PROCESS", "credential_process of the profile"],
  ["CREDENTIALS_PROCESS", "credential_process of the profile"],
  ["CREDENTIALS_PROFILE_LOGIN", "aws login"],
  ["CREDENTIALS_LOGIN", "aws login"],
  ["CREDENTIALS_PROFILE_SOURCE_PROFILE", "role of the profile"],
  ["CREDENTIALS_PROFILE_NAMED_PROVIDER", "role of the profile"],
  ["CREDENTIALS_PROFILE", "keys of the profile"],
  ["CREDENTIALS_HTTP", "role of the container"],
  ["CREDENTIALS_ENV_VARS", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
];

/** The provider of the keys, as text for the user. */
export function credentialOrigin(
  credentials: Credentials & { $source?: object },
  env: Record<string, string | undefined>,
): string {
  if (environmentCredentials(env) !== undefined) return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  const features = Object.keys(credentials.$source ?? {});
  const words = PROVIDERS.find(([feature]) => features.includes(feature))?.[1] ?? "role of the machine";
  return words.endsWith("profile") ? `${words} ${env.AWS_PROFILE || "default"}` : words;
}

/** The SDK would otherwise warn on stderr, which go shows. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** The chain's error if no provider has keys. */
function isNothingFound(error: unknown): boolean {
  return error instanceof Error && error.message === "Could not load credentials from any providers";
}

function refreshMs(found: Credentials | undefined, nowMs: number): number {
  if (found?.expiration === undefined) return Number.POSITIVE_INFINITY;
  // Keys with less time left must not be looked up for every request.
  return Math.max(found.expiration.getTime() - REFRESH_BEFORE_MS, nowMs + CACHE_MS);
}
