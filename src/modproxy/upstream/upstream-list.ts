/** A list of proxies as in GOPROXY: after `,` only "there is no such thing" leads on to the next, after `|` anything does. */

import { isHttpUrl } from "../../lib/http-url.ts";

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
  for (const [, entry = "", separator] of text.matchAll(/([^,|]*)([,|]|$)/g)) {
    const word = entry.trim();
    if (word === "direct" || word === "off") break;
    if (word === "") continue;
    upstreams.push({ ...parseEntry(word), fallsThrough: separator === "|" });
  }
  return upstreams;
}

function parseEntry(text: string): Omit<Upstream, "fallsThrough"> {
  const url = URL.parse(text);
  // It may hold a password, in a place where nothing can tell.
  if (url === null) throw new Error(`upstream ${JSON.stringify(text.replace(/.*@/s, "***@"))} is not a URL`);
  if (!isHttpUrl(url)) {
    throw new Error(`upstream with ${url.protocol} can't be asked, only https: and http:`);
  }
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
