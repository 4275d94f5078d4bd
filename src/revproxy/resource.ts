/** The resource of an origin, with its path exactly as the client wrote it. */
import { type Authority, formatAuthority, parseAuthority } from "./authority.ts";

export type Scheme = "http" | "https";

export const DEFAULT_PORTS: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

export interface Resource {
  scheme: Scheme;
  authority: Authority;
  /** Path and query, still encoded, beginning with `/`. */
  path: string;
}

/** Parses the absolute form of a request's target; `undefined` for anything else, or with a user name in it. */
export function parseAbsoluteForm(target: string): Resource | undefined {
  const [, schemeText, authorityText, rest] = /^(https?):\/\/([^/?#]*)([^#]*)$/i.exec(target) ?? [];
  if (schemeText === undefined || authorityText === undefined || rest === undefined) return undefined;
  const scheme = schemeText.toLowerCase() as Scheme;
  const authority = parseAuthority(authorityText, DEFAULT_PORTS[scheme]);
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return authority === undefined || !isPath(path) ? undefined : { scheme, authority, path };
}

/** Whether a path with its query can be forwarded: visible ASCII, no fragment. */
export function isPath(path: string): boolean {
  return /^\/[!-"$-~]*$/.test(path);
}

/** The resource as a URL, the cache key. The port is left out when it is the scheme's default. */
export function formatResource({ scheme, authority, path }: Resource): string {
  return `${scheme}://${formatAuthority(authority, DEFAULT_PORTS[scheme])}${path}`;
}
