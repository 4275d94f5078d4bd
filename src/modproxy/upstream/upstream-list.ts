/** A list of proxies as in GOPROXY: after `,` only "there is no such thing" leads on to the next, after `|` anything does. */

import { isHttpUrl } from "../../lib/network/http-url.ts";

export interface Upstream {
  /** Without a slash at the end, without user and password. */
  url: string;
  /** From the URL itself. */
  authorization: string | undefined;
  /** Whether the next one is asked when this one fails. */
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
    // The entry is not quoted: it may be a part of a password that has a comma or a bar in it.
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
