/**
 * Issues certificates for the hosts with TLS that ends here. The authority's own certificate is renewed with the same
 * key long before it expires, so clients with the older one go on; added hosts make a new authority. A host's
 * certificate is issued at its first use.
 */
import type { Clock } from "../../lib/async/clock.ts";
import { loadAuthority, type SavedAuthority, saveAuthority } from "./ca-file.ts";
import type { KeyedCertificate } from "./issue.ts";

const DAY_MS = 86_400_000;

/** Apple's programs refuse server certificates that live longer than 398 days; an authority may. */
const LIFETIMES: Lifetimes = { authorityMs: 365 * DAY_MS, leafMs: 7 * DAY_MS };

/** A certificate is renewed when this part of its lifetime is left. */
const RENEWED_AT = 1 / 3;

/** Host certificates in memory: a wildcard matches any number of hosts. */
const MAX_LEAVES = 500;

/** How long certificates are valid; each is renewed when a third of that is left. */
export interface Lifetimes {
  authorityMs: number;
  leafMs: number;
}

export interface AuthorityOptions {
  /** The authority's file; see `ca-file.ts`. */
  path: string;
  hosts: readonly string[];
  clock: Clock;
  lifetimes?: Lifetimes | undefined;
  /** Called when the authority can't be saved, and so ends with this process. */
  onEphemeral: (error: unknown) => void;
}

export class CertificateAuthority {
  readonly #options: AuthorityOptions;
  readonly #lifetimes: Lifetimes;
  readonly #leaves = new Map<string, Promise<KeyedCertificate>>();
  #current: SavedAuthority;
  #renewal: Promise<void> | undefined;

  private constructor(options: AuthorityOptions, current: SavedAuthority) {
    this.#options = options;
    this.#lifetimes = options.lifetimes ?? LIFETIMES;
    this.#current = current;
  }

  /** Loads the authority if it covers these hosts; otherwise makes and saves a new one. */
  static async open(options: AuthorityOptions): Promise<CertificateAuthority> {
    const saved = loadAuthority(options.path);
    const nowMs = options.clock.nowMs();
    const isFit = saved !== undefined && saved.notAfterMs > nowMs && covers(saved.hosts, options.hosts);
    const lifetimeMs = (options.lifetimes ?? LIFETIMES).authorityMs;
    const current = isFit ? saved : await make(options, { nowMs, lifetimeMs });
    const authority = new CertificateAuthority(options, current);
    if (!isFit) authority.#keep(current);
    await authority.#renewIfDue();
    return authority;
  }

  /** The certificate that clients must trust, PEM. */
  get cert(): string {
    return this.#current.cert;
  }

  /** The certificate chain of a host, and its key. Renews what is about to expire. */
  async leafFor(host: string): Promise<KeyedCertificate> {
    await this.#renewIfDue();
    const nowMs = this.#options.clock.nowMs();
    const found = await this.#leaves.get(host);
    if (found !== undefined && !isDue(found, nowMs, this.#lifetimes.leafMs)) return found;
    const leaf = this.#issueLeaf(host, nowMs);
    this.#leaves.delete(host);
    this.#leaves.set(host, leaf);
    leaf.catch(() => this.#leaves.delete(host));
    const [oldest] = this.#leaves.keys();
    if (this.#leaves.size > MAX_LEAVES && oldest !== undefined) this.#leaves.delete(oldest);
    return await leaf;
  }

  async #issueLeaf(host: string, nowMs: number): Promise<KeyedCertificate> {
    const { issueLeaf } = await loadIssuer();
    return await issueLeaf(this.#current, host, { nowMs, lifetimeMs: this.#lifetimes.leafMs });
  }

  async #renewIfDue(): Promise<void> {
    if (!isDue(this.#current, this.#options.clock.nowMs(), this.#lifetimes.authorityMs)) return;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  async #renew(): Promise<void> {
    const validity = { nowMs: this.#options.clock.nowMs(), lifetimeMs: this.#lifetimes.authorityMs };
    const { hosts, key } = this.#current;
    this.#current = await make({ hosts }, validity, key);
    this.#leaves.clear();
    this.#keep(this.#current);
  }

  #keep(authority: SavedAuthority): void {
    try {
      saveAuthority(this.#options.path, authority);
    } catch (error) {
      this.#options.onEphemeral(error);
    }
  }
}

async function make(
  { hosts }: { hosts: readonly string[] },
  validity: { nowMs: number; lifetimeMs: number },
  key?: string,
): Promise<SavedAuthority> {
  const { issueAuthority } = await loadIssuer();
  return { ...(await issueAuthority(hosts, validity, key)), hosts: [...hosts] };
}

function isDue({ notAfterMs }: KeyedCertificate, nowMs: number, lifetimeMs: number): boolean {
  return notAfterMs - nowMs < lifetimeMs * RENEWED_AT;
}

/** Extra saved hosts do no harm: no request needs them. */
function covers(permitted: readonly string[], hosts: readonly string[]): boolean {
  return hosts.every((host) => permitted.includes(host));
}

/**
 * Loads the library that makes certificates when the first one is made. Its polyfill must be loaded before it, and a
 * bundle does not keep the order of a module's static imports.
 */
async function loadIssuer() {
  await import("reflect-metadata");
  return await import("./issue.ts");
}
