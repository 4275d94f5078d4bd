/**
 * The hosts with cached traffic: `example.com`, `example.com:8443`, `*.example.com` (all subdomains, not
 * `example.com` itself), `[::1]:8443`. Without a port the scheme's default counts: 443, or 80 for plain HTTP.
 */
import { quoteEntry } from "../lib/text/hide-secrets.ts";
import { type Authority, parseAuthority } from "./authority.ts";
import { DEFAULT_PORTS, type Scheme } from "./resource.ts";

interface Target {
  host: string;
  isWildcard: boolean;
  /** `undefined`: the scheme's default. */
  port: number | undefined;
}

export class Targets {
  readonly #targets: Target[];

  /** Throws an error that names the first invalid entry. */
  constructor(entries: readonly string[]) {
    this.#targets = entries.map((entry) => parseTarget(entry, entries));
  }

  has(scheme: Scheme, { host, port }: Authority): boolean {
    return this.#targets.some(
      (target) => port === (target.port ?? DEFAULT_PORTS[scheme]) && matchesHost(target, host),
    );
  }

  /** The hosts, wildcards without their `*.`; each once. */
  get hosts(): string[] {
    return [...new Set(this.#targets.map(({ host }) => host))];
  }

  /** Whether there is only one host: then a path identifies a resource. */
  get isSingleHost(): boolean {
    return this.#targets.length === 1 && this.#targets[0]?.isWildcard === false;
  }
}

function matchesHost(target: Target, host: string): boolean {
  return target.isWildcard ? host.endsWith(`.${target.host}`) : host === target.host;
}

function parseTarget(entry: string, list: readonly string[]): Target {
  const text = entry.trim();
  const isWildcard = text.startsWith("*.");
  const rest = isWildcard ? text.slice(2) : text;
  const authority = parseAuthority(rest, DEFAULT_PORTS.https);
  if (authority === undefined) {
    throw new Error(
      `--revproxy: ${quoteEntry(entry, list)} is not a host such as example.com, *.example.com or example.com:8443`,
    );
  }
  const hasPort = /:\d+$/.test(rest.replace(/^\[[^\]]*\]/, ""));
  return { host: authority.host, isWildcard, port: hasPort ? authority.port : undefined };
}
