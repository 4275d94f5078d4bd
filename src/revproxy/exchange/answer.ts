/** How the client is answered: in our own words, or with a response of the origin. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { selectBytes } from "../../lib/network/byte-range.ts";
import { sendBody } from "../../lib/network/send-body.ts";
import { keyOf } from "../proxy-log.ts";
import { holdsForRange, isNotModified } from "../semantics/conditions.ts";
import { ageOf } from "../semantics/freshness.ts";
import { type HeaderList, hasHeader, headerValue, toRawHeaders, without } from "../semantics/header-list.ts";
import type { StoredResponse } from "../storage/stored-response.ts";
import type { ClientRequest } from "./client-request.ts";

/** What is said about the cache, besides the response. */
export interface CacheNote {
  /** The value of `X-Cache`; `undefined`: nothing is said. */
  outcome: string | undefined;
  /** The value of `X-Cache-Id`. */
  id?: string;
}

/** The fields that a 304 repeats (RFC 9110 §15.4.5), and what belongs to the body it does not have. */
const NOT_IN_304 = [
  "content-length",
  "content-encoding",
  "content-type",
  "content-range",
  "content-language",
];

/** Answers with a stored response: all of it, a part, or 304 when the client has it. */
export async function answerStored(
  { resource, method, headers: requestHeaders, response }: ClientRequest,
  { head, body }: StoredResponse,
  { outcome, nowMs }: { outcome: string; nowMs: number },
): Promise<void> {
  const age = Math.max(0, Math.floor(ageOf(head, nowMs) ?? 0));
  const headers: HeaderList = [
    ...without(head.headers, ["age", "content-length"]),
    ["Age", String(age)],
    ...noteHeaders({ outcome, id: keyOf(resource) }),
  ];
  // Of a redirect or an error no condition of the client's counts (RFC 9110 §13.2.1, RFC 9111 §4.3.2).
  if (head.status === 200 && isNotModified(requestHeaders, head.headers)) {
    writeHead(response, 304, "", without(headers, NOT_IN_304));
    response.end();
    return;
  }
  const isWhole = head.status !== 200 || !holdsForRange(requestHeaders, head.headers);
  const selected = selectBytes(isWhole ? undefined : headerValue(requestHeaders, "range"), body.sizeBytes);
  const { start, end } = selected;
  const hasBody = head.status !== 204 && head.status !== 304;
  const framing: HeaderList = [
    ...(selected.status === 200 ? [] : [["Content-Range", selected.contentRange] as const]),
    ...(hasBody ? [["Content-Length", String(end - start)] as const] : []),
  ];
  const status = selected.status === 200 ? head.status : selected.status;
  writeHead(response, status, "", [...headers, ...framing]);
  if (method === "HEAD" || !hasBody || start === end) response.end();
  else await sendChunks(response, body.read({ start, end }));
}

/** Sends a body. Never rejects: whoever provides the body knows when it fails. */
export async function sendChunks(response: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await sendBody(response, chunks).catch(() => undefined);
}

/** Writes the head of what the origin answers; the body is the caller's. */
export function answerHead(
  response: ServerResponse,
  answer: { status: number; reason: string; headers: HeaderList },
  note: CacheNote,
): void {
  writeHead(response, answer.status, answer.reason, [...answer.headers, ...noteHeaders(note)]);
}

/** Passes on a body that is not kept, as fast as the client takes it. Lets go of it when the client goes, or has gone. */
export async function passOn(response: ServerResponse, body: IncomingMessage): Promise<void> {
  if (response.destroyed) {
    body.destroy();
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  // A body that breaks off breaks the client's connection.
  body.once("error", () => response.destroy());
  body.once("aborted", () => response.destroy());
  response.once("close", () => {
    body.destroy();
    resolve();
  });
  response.once("finish", () => resolve());
  body.pipe(response);
  await promise;
}

function noteHeaders({ outcome, id }: CacheNote): HeaderList {
  if (outcome === undefined) return [];
  return [["X-Cache", outcome], ...(id === undefined ? [] : [["X-Cache-Id", id] as const])];
}

function writeHead(response: ServerResponse, status: number, reason: string, headers: HeaderList): void {
  if (hasHeader(headers, "date")) response.sendDate = false;
  const via = [
    ...headers.filter(([name]) => /^via$/i.test(name)).map(([, value]) => value),
    "1.1 go-cache-plugin",
  ];
  const all: HeaderList = [...without(headers, ["via"]), ["Via", via.join(", ")]];
  response.writeHead(status, reason, toRawHeaders(all) as never);
}
