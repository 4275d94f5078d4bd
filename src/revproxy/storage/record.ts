/**
 * The file format of a stored response:
 *
 *     go-cache-plugin response 1 <SHA-256 of all that follows this line>
 *     {"url":"https://example.com/a","kind":"response","variant":"","status":200,"headers":[["ETag","\"x\""]],
 *      "requestedMs":…,"receivedMs":…,"body":{"sha256":"…","sizeBytes":12,"isInline":true}}
 *     <the body, if it is inline>
 *
 * The JSON is one line. `"kind":"vary"` takes the place of a response, and names the request fields that the responses
 * of this URL are chosen by; `"kind":"gone"`: the response is outdated. A body that is not inline has its own file, named
 * by its SHA-256, so equal bodies are stored once.
 */
import { isBoolean, isCount, isSha256, isText, listOf } from "../../lib/shape.ts";
import { withoutCookies } from "../semantics/cookies.ts";
import { type HeaderList, isSafeHeader } from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";
import type { ResponseHead } from "../semantics/response-head.ts";

const MAGIC = "go-cache-plugin response 1 ";
const LINE_END = 0x0a;

export interface ResponseRecord extends ResponseHead {
  kind: "response";
  url: string;
  /** `variantOf` the requests that get it; empty: all requests. */
  variant: string;
  body: { sha256: string; sizeBytes: number; isInline: boolean };
}

interface VaryRecord {
  kind: "vary";
  url: string;
  names: string[];
  /** Part of the names of the variants: a new generation hides the older ones. */
  generation: string;
}

interface GoneRecord {
  kind: "gone";
  url: string;
}

export type CacheRecord = ResponseRecord | VaryRecord | GoneRecord;

/** The file's bytes. `inline`: the body, if the record says that it is inline. */
export function formatRecord(record: CacheRecord, inline: Uint8Array = new Uint8Array()): Uint8Array {
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(record)}\n`), inline]);
  return Buffer.concat([Buffer.from(`${MAGIC}${sha256(content)}\n`), content]);
}

/** `undefined` for a damaged record, or one that this program would not write. */
export function parseRecord(bytes: Uint8Array): { record: CacheRecord; inline: Uint8Array } | undefined {
  const first = bytes.indexOf(LINE_END);
  const content = bytes.subarray(first + 1);
  if (first === -1 || Buffer.from(bytes.subarray(0, first)).toString("latin1") !== MAGIC + sha256(content)) {
    return undefined;
  }
  const second = content.indexOf(LINE_END);
  if (second === -1) return undefined;
  const inline = content.subarray(second + 1);
  try {
    const record = readRecord(JSON.parse(Buffer.from(content.subarray(0, second)).toString()));
    const isWhole = record?.kind !== "response" || isInlineWhole(record, inline);
    return record === undefined || !isWhole ? undefined : { record, inline };
  } catch {
    return undefined;
  }
}

function isInlineWhole({ body }: ResponseRecord, inline: Uint8Array): boolean {
  if (!body.isInline) return inline.length === 0;
  return inline.length === body.sizeBytes && sha256(inline) === body.sha256;
}

/** Others write to the bucket, too, so every field is checked. */
function readRecord(json: Record<string, unknown>): CacheRecord | undefined {
  const { kind, url } = json;
  if (!isText(url)) return undefined;
  if (kind === "gone") return { kind, url };
  if (kind === "vary") {
    const { names, generation } = json;
    const isGood = listOf(isText)(names) && isText(generation);
    return isGood ? { kind, url, names, generation } : undefined;
  }
  return kind === "response" ? readResponse(url, json) : undefined;
}

function readResponse(url: string, json: Record<string, unknown>): ResponseRecord | undefined {
  const { variant, status, headers, requestedMs, receivedMs, body } = json;
  if (!isText(variant) || !isCount(status) || status < 200 || status > 599) return undefined;
  if (!isCount(requestedMs) || !isCount(receivedMs) || !isHeaderList(headers)) return undefined;
  const { sha256: hash, sizeBytes, isInline } = (body ?? {}) as Record<string, unknown>;
  if (!isSha256(hash)) return undefined;
  if (!isCount(sizeBytes) || !isBoolean(isInline)) return undefined;
  const kept = { sha256: hash, sizeBytes, isInline };
  // Hop-by-hop fields and cookies are never stored, so this program did not write them.
  const safe = withoutCookies(endToEnd(headers));
  return { kind: "response", url, variant, status, headers: safe, requestedMs, receivedMs, body: kept };
}

function isHeaderList(value: unknown): value is HeaderList {
  return (
    Array.isArray(value) &&
    value.every((pair) => listOf(isText)(pair) && pair.length === 2 && isSafePair(pair))
  );
}

function isSafePair([name = "", value = ""]: string[]): boolean {
  return isSafeHeader([name, value]);
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
