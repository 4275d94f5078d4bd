/** Answers a client with a stored response, or with the origin's. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { selectBytes } from "../../lib/network/byte-range.ts";
import { sendBody } from "../../lib/network/send-body.ts";
import { keyOf } from "../proxy-log.ts";
import { isNotModified, mayUseRange } from "../semantics/conditions.ts";
import { ageOf } from "../semantics/freshness.ts";
import { type HeaderList, hasHeader, headerValue, toRawHeaders, without } from "../semantics/header-list.ts";
import type { StoredResponse } from "../storage/stored-response.ts";
import type { ClientRequest } from "./client-request.ts";

/** The cache's part in a response. */
export interface CacheNote {
  /** The value of `X-Cache`; `undefined`: neither field is sent. */
  outcome: string | undefined;
  /** The value of `X-Cache-Id`. */
  id?: string;
}

/** Fields of the body, which a 304 does not have (RFC 9110 §15.4.5). */
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
  // For redirects and errors the client's conditions don't count (RFC 9110 §13.2.1, RFC 9111 §4.3.2).
  if (head.status === 200 && isNotModified(requestHeaders, head.headers)) {
    writeHead(response, 304, "", without(headers, NOT_IN_304));
    response.end();
    return;
  }
  const isWhole = head.status !== 200 || !mayUseRange(requestHeaders, head.headers);
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

/** Writes the head of the origin's answer; the caller sends the body. */
export function answerHead(
  response: ServerResponse,
  answer: { status: number; reason: string; headers: HeaderList },
  note: CacheNote,
): void {
  writeHead(response, answer.status, answer.reason, [...answer.headers, ...noteHeaders(note)]);
}

/** Streams a body that is not stored to the client. Destroys the body when the client disconnects. */
export async function forwardBody(response: ServerResponse, body: IncomingMessage): Promise<void> {
  if (response.destroyed) {
    body.destroy();
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  // A broken body breaks the client's connection.
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
