/**
 * A list of proxies as in GOPROXY: the next proxy is tried after `,` only for an absent file, after `|` for any error.
 */
import { isHttpUrl } from "../../lib/network/http-url.ts";

export interface Upstream {
  /** Without a trailing slash, user and password. */
  url: string;
  /** From the URL itself. */
  authorization: string | undefined;
  /** Whether the next proxy is tried after any error. */
  fallsThrough: boolean;
}

/** Throws for an entry that is no http or https URL. `direct` and `off` end the list. */
export function parseUpstreams(text: string): Upstream[] {
  const upstreams: Upstream[] = [];
  let count = 0;
  for (const [, entry = "", separator] of text.matchAll(/([^,|]*)([,|]|$)/g)) {
    const word = entry.trim();
    if (word === "direct" || word === "off") break;
    if (word === "") continue;
    count++;
    const upstream = parseEntry(word);
    // The message doesn't quote the entry: it may be part of a password with a comma or a bar.
    if (upstream === undefined) throw new Error(`upstream ${count} of the list is not an http or https URL`);
    upstreams.push({ ...upstream, fallsThrough: separator === "|" });
  }
  return upstreams;
}

function parseEntry(text: string): Omit<Upstream, "fallsThrough"> | undefined {
  const url = URL.parse(text);
  if (url === null || !isHttpUrl(url)) return undefined;
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const authorization = username === "" ? undefined : basicAuthorization(decode(username), decode(password));
  return { url: url.href.replace(/[?#].*$/, "").replace(/\/+$/, ""), authorization };
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
