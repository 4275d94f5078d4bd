/** Inputs of the forward proxy: names, fields, and cached files. */

import { parseRange } from "../../../src/lib/network/byte-range.ts";
import { formatAuthority, parseAuthority } from "../../../src/revproxy/authority.ts";
import { formatResource, parseAbsoluteForm } from "../../../src/revproxy/resource.ts";
import { isNotModified, mayUseRange } from "../../../src/revproxy/semantics/conditions.ts";
import { ageOf, lifetime } from "../../../src/revproxy/semantics/freshness.ts";
import {
  fromRawHeaders,
  type HeaderList,
  headerValue,
  isSafeHeader,
} from "../../../src/revproxy/semantics/header-list.ts";
import { parseHttpDate } from "../../../src/revproxy/semantics/http-date.ts";
import { isUsable, isUsableStale } from "../../../src/revproxy/semantics/judge.ts";
import { retentionOf } from "../../../src/revproxy/semantics/storable.ts";
import { variantOf, varyNames } from "../../../src/revproxy/semantics/vary.ts";
import { parseLegacyObject } from "../../../src/revproxy/storage/legacy-object.ts";
import { formatRecord, parseRecord } from "../../../src/revproxy/storage/record.ts";
import { sha256Hex } from "../../support/ids.ts";
import { toBytes } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, parsed, same } from "../target.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const BODY_BYTES = 1_000;
const never = () => false;

const authority: FuzzTarget = {
  name: "host and port",
  promise: "a target that formats to the same text, without a user's name or a path in it; nothing is thrown",
  thousands: 40,
  recordings: () => toBytes("example.com:443", "[::1]:8443", "files.pythonhosted.org", "127.0.0.1:80"),
  words: ["@", ":", "[", "]", "%", "xn--"],
  attempt(input) {
    const text = input.toString("latin1");
    const found = parsed(() => parseAuthority(text, 443), never);
    if (found === undefined) return "refused";
    same(parseAuthority(formatAuthority(found)), found, "read again");
    holds(/^[a-z0-9._:-]+$/.test(found.host), `the host is ${found.host}`);
    return "accepted";
  },
};

const absolute: FuzzTarget = {
  name: "target in absolute form",
  promise: "an origin and a path that format to the same text; nothing is thrown",
  thousands: 40,
  recordings: () => toBytes("http://example.com/a/b?c=d", "https://[::1]:8443/", "http://cached.test:8080"),
  words: ["http://", "https://", "@", "#", "?", "//"],
  attempt(input) {
    const found = parsed(() => parseAbsoluteForm(input.toString("latin1")), never);
    if (found === undefined) return "refused";
    same(parseAbsoluteForm(formatResource(found)), found, "read again");
    return "accepted";
  },
};

const RESPONSES = [
  'Cache-Control: public, max-age=3600, stale-if-error="60"\nDate: Wed, 25 Nov 2026 01:05:33 GMT\nETag: W/"abc"\nVary: Accept-Encoding, X-A\nLast-Modified: Sunday, 06-Nov-94 08:49:37 GMT\nAge: 7\nContent-Encoding: gzip\n',
  'Expires: Sun Nov  6 08:49:37 1994\nPragma: no-cache\nCache-Control: no-cache="set-cookie, x", s-maxage=0\nContent-Range: bytes 0-9/100\n',
  'Range: bytes=0-9\nIf-Range: "abc"\nIf-None-Match: W/"abc", "d"\nCache-Control: max-stale, min-fresh=5, only-if-cached\nIf-Modified-Since: Wed, 25 Nov 2026 01:05:33 GMT\n',
];

const fields: FuzzTarget = {
  name: "fields of requests and responses",
  promise: "a decision, with valid numbers; nothing is thrown",
  thousands: 40,
  recordings: () => toBytes(...RESPONSES),
  words: ["Cache-Control: ", "max-age=", "\n", ": ", ",", '"', "\\", "Vary: *", "bytes=", "; "],
  attempt(input) {
    const headers = headersOf(input.toString("latin1"));
    const head = {
      status: 200 + ((input[0] ?? 0) % 305),
      headers,
      requestedMs: NOW_MS - 2_000,
      receivedMs: NOW_MS - 1_000,
    };
    return parsed(() => judge(headers, head), never) ?? "refused";
  },
};

function judge(headers: HeaderList, head: Parameters<typeof lifetime>[0]): "accepted" | "refused" {
  const seconds = [lifetime(head), ageOf(head, NOW_MS) ?? 0];
  holds(seconds.every(Number.isFinite) && (seconds[0] ?? -1) >= 0, `it lives for ${seconds}`);
  for (const [, value] of headers) holds(!Number.isNaN(parseHttpDate(value) ?? 0), `${value} is no date`);
  const range = parseRange(headerValue(headers, "range"), BODY_BYTES);
  if (typeof range === "object")
    holds(0 <= range.start && range.start < range.end && range.end <= BODY_BYTES, "beyond the body");
  isUsable(headers, head, NOW_MS);
  isUsableStale(headers, head, NOW_MS, "error");
  isNotModified(headers, headers);
  mayUseRange(headers, headers);
  const names = varyNames(headers);
  if (names !== "*") variantOf(names, headers);
  return retentionOf(headers, head, NOW_MS) === undefined ? "refused" : "accepted";
}

function headersOf(text: string): HeaderList {
  return fromRawHeaders(
    text.split("\n").flatMap((line) => {
      const colon = line.indexOf(":");
      return colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

const RECORD = {
  kind: "response",
  url: "https://example.com/a",
  variant: "",
  status: 200,
  headers: [["ETag", '"x"']],
  requestedMs: NOW_MS,
  receivedMs: NOW_MS,
  body: { sha256: sha256Hex("hello"), sizeBytes: 5, isInline: true },
};
const MAGIC = "go-cache-plugin response 1 ";

/** A record with this content and a matching sum. */
function sealed(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${MAGIC}${sha256Hex(content)}\n`), content]);
}

const record: FuzzTarget = {
  name: "stored response",
  promise:
    "fields that can be sent and a body that matches its sum, which format to the same text; nothing is thrown",
  thousands: 40,
  recordings: () => [
    Buffer.from(`${JSON.stringify(RECORD)}\nhello`),
    Buffer.from(
      `${JSON.stringify({ kind: "vary", url: "https://example.com/a", names: ["accept"], generation: "g" })}\n`,
    ),
    Buffer.from(`${JSON.stringify({ kind: "gone", url: "https://example.com/a" })}\n`),
  ],
  words: [
    '"headers":[',
    '["Connection","a"]',
    '["a\\r\\n","b"]',
    '["Set-Cookie","a"]',
    '"kind":"gone"',
    "null",
  ],
  attempt(input) {
    const found = parsed(() => parseRecord(sealed(input)), never);
    parsed(() => parseRecord(input), never);
    if (found === undefined) return "refused";
    same(parseRecord(Buffer.from(formatRecord(found.record, found.inline))), found, "read again");
    if (found.record.kind !== "response") return "accepted";
    for (const pair of found.record.headers) holds(isSafeHeader(pair), `a field is ${pair}`);
    const { isInline, sha256 } = found.record.body;
    holds(!isInline || sha256Hex(found.inline) === sha256, "another body");
    return "accepted";
  },
};

const legacy: FuzzTarget = {
  name: "stored response of tailscale's",
  promise: "three fields that can be sent, and a body within the object; nothing is thrown",
  thousands: 40,
  recordings: () =>
    toBytes(
      'Content-Type: application/zip\nDate: Wed, 25 Nov 2026 01:05:33 GMT\nEtag: "abc"\n\nPK',
      'Etag: "a"\n\n',
    ),
  words: ["\n\n", "Etag: ", "\r\n", "\x1f\x8b", "Connection: a\n"],
  attempt(input) {
    const found = parsed(() => parseLegacyObject(input), never);
    if (found === undefined) return "refused";
    for (const pair of found.headers) holds(isSafeHeader(pair), `a field is ${pair}`);
    holds(found.bodyOffset <= input.length, "a body beyond the end");
    return "accepted";
  },
};

export const PROXY_TARGETS: readonly FuzzTarget[] = [authority, absolute, fields, record, legacy];
