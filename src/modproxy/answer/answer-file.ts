/** A file as an HTTP response, with its hash as entity tag: whole, a part of it, or 304. */
import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileBody } from "../../lib/files/file-body.ts";
import { selectBytes } from "../../lib/network/byte-range.ts";
import { sendBody } from "../../lib/network/send-body.ts";
import { isMutable } from "../files/freshness.ts";
import type { GrowingFile } from "../files/growing-file.ts";
import type { ModFile } from "../files/mod-file.ts";
import type { ModRequest } from "../names/mod-request.ts";

/** A file up to this size is read at once. */
const SMALL_BYTES = 512 << 10;
const WEEK_SECONDS = 604_800;

const TYPES: Record<ModRequest["kind"], string> = {
  list: "text/plain; charset=utf-8",
  latest: "application/json; charset=utf-8",
  info: "application/json; charset=utf-8",
  query: "application/json; charset=utf-8",
  mod: "text/plain; charset=utf-8",
  zip: "application/zip",
  supported: "text/plain; charset=utf-8",
  head: "text/plain; charset=utf-8",
  lookup: "text/plain; charset=utf-8",
  tile: "application/octet-stream",
};

/** Answers with a stored file. Rejects when it can't be read; nothing was answered then. */
export async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { wanted, file }: { wanted: ModRequest; file: ModFile },
): Promise<void> {
  const headers = {
    ...headersOf(wanted),
    etag: `"${file.sha256}"`,
    "accept-ranges": "bytes",
    ...cacheHeaders(file),
  };
  if (isSame(request.headers["if-none-match"], headers.etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const { range, "if-range": ifRange } = request.headers;
  const mayBePart = request.method === "GET" && (ifRange === undefined || ifRange === headers.etag);
  const selected = selectBytes(mayBePart ? range : undefined, file.sizeBytes);
  const { status, start, end } = selected;
  const part = selected.status === 200 ? {} : { "content-range": selected.contentRange };
  if (status === 416) {
    response.writeHead(416, { ...part, "content-length": "0" });
    response.end();
    return;
  }
  const writeHead = () =>
    response.writeHead(status, { ...headers, "content-length": String(end - start), ...part });
  if (file.bytes !== undefined || request.method === "HEAD") {
    writeHead();
    response.end(request.method === "HEAD" ? undefined : file.bytes?.subarray(start, end));
  } else await sendFile(response, { path: file.path, start, end, writeHead });
}

/** Answers with a file that is being downloaded. One that turns out bad breaks the connection: never a short 200. */
export async function answerGrowing(
  request: IncomingMessage,
  response: ServerResponse,
  { wanted, growing }: { wanted: ModRequest; growing: GrowingFile },
): Promise<void> {
  const { totalBytes } = growing;
  const length = totalBytes === undefined ? {} : { "content-length": String(totalBytes) };
  if (request.method === "HEAD") {
    response.writeHead(200, { ...headersOf(wanted), ...length, "x-cache": "fetch" });
    response.end();
    return;
  }
  const chunks = growing.read();
  response.writeHead(200, { ...headersOf(wanted), ...length, "x-cache": "fetch" });
  await sendBody(response, chunks);
}

/** The fields that don't depend on the source. */
function headersOf(wanted: ModRequest): Record<string, string> {
  const seconds = isMutable(wanted) ? 60 : WEEK_SECONDS;
  return {
    "content-type": TYPES[wanted.kind],
    "cache-control": `public, max-age=${seconds}`,
    "x-content-type-options": "nosniff",
  };
}

function cacheHeaders({ source, isStale }: ModFile): Record<string, string> {
  if (isStale) return { "x-cache": "stale", warning: '110 - "Response is Stale"' };
  return { "x-cache": source === "fetch" ? "fetch" : `hit, ${source}` };
}

function isSame(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

/** Calls `writeHead` once the file is open and long enough. */
async function sendFile(
  response: ServerResponse,
  { path, start, end, writeHead }: { path: string; start: number; end: number; writeHead: () => void },
): Promise<void> {
  if (end - start <= SMALL_BYTES) {
    // On this thread: another one would cost a small file more than the reading.
    const bytes = readPart(path, start, end);
    writeHead();
    response.end(bytes);
    return;
  }
  const file = await open(path, "r");
  if ((await file.stat()).size < end) {
    await file.close();
    throw new Error(`${path} is shorter than ${end} bytes`);
  }
  writeHead();
  await sendBody(response, fileBody(file, { path, offset: start, length: end - start }));
}

function readPart(path: string, start: number, end: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.allocUnsafe(end - start);
    const count = readSync(fd, bytes, 0, bytes.length, start);
    if (count < bytes.length) throw new Error(`${path} ends at ${start + count} of ${end} bytes`);
    return bytes;
  } finally {
    closeSync(fd);
  }
}
