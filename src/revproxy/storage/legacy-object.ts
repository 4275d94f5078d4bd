/**
 * The format in which tailscale/go-cache-plugin stores a response to a GET with status 200: at most three header
 * fields, each on a line, an empty line, the body.
 *
 *     Content-Type: application/zip
 *     Date: Wed, 25 Nov 2026 01:05:33 GMT
 *     Etag: "abc"
 *
 *     <body>
 *
 * The format loses whether the body is compressed, whether it is personal, and how long it is fresh. So an object is
 * used only when the origin confirms its entity tag. Without a tag, or if the body may be compressed, it is ignored.
 */
import { type HeaderList, headerValue, isSafeHeader } from "../semantics/header-list.ts";

const MAX_HEAD_BYTES = 4096;
const NAMES = ["content-type", "date", "etag"];

/** The first bytes of gzip and zstd. */
const COMPRESSED = ["1f8b", "28b52ffd"];
const ARCHIVE_TYPE = /zip|tar|octet-stream|compress|zstd|x-xz|debian|java-archive/i;

export interface LegacyObject {
  headers: HeaderList;
  bodyOffset: number;
}

/** Parses the beginning of an object; `undefined` for anything else, and for what can't be used safely. */
export function parseLegacyObject(start: Uint8Array): LegacyObject | undefined {
  const text = Buffer.from(start.subarray(0, MAX_HEAD_BYTES)).toString("latin1");
  const end = text.indexOf("\n\n");
  if (end === -1) return undefined;
  const headers: [string, string][] = [];
  for (const line of text.slice(0, end).split("\n")) {
    const [, name, value] = /^([\w-]+): ([^\r\n]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (!NAMES.includes(name.toLowerCase()) || !isSafeHeader([name, value])) return undefined;
    headers.push([name, value]);
  }
  const body = Buffer.from(start.subarray(end + 2, end + 6)).toString("hex");
  const mayBeEncoded = COMPRESSED.some((magic) => body.startsWith(magic));
  const type = headerValue(headers, "content-type") ?? "";
  if (headerValue(headers, "etag") === undefined || (mayBeEncoded && !ARCHIVE_TYPE.test(type)))
    return undefined;
  return { headers, bodyOffset: end + 2 };
}
