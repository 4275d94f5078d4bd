/** A file as an HTTP answer: with its hash as etag, whole or a part of it, or word that it has not changed. */
import { once } from "node:events";
import { closeSync, openSync, readSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isMutable } from "../files/freshness.ts";
import type { GrowingFile } from "../files/growing-file.ts";
import type { ModFile } from "../files/mod-file.ts";
import type { ModRequest } from "../names/mod-request.ts";
import { parseRange } from "./byte-range.ts";

const CHUNK_BYTES = 512 << 10;
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

/** Answers with a file that is here. Rejects when it can't be read; nothing was answered then. */
export async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { asked, file }: { asked: ModRequest; file: ModFile },
): Promise<void> {
  const headers = {
    ...headersOf(asked),
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
  const isPart = request.method === "GET" && (ifRange === undefined || ifRange === headers.etag);
  const part = isPart ? parseRange(range, file.sizeBytes) : "whole";
  if (part === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${file.sizeBytes}`, "content-length": "0" });
    response.end();
    return;
  }
  const { offset, length } = part === "whole" ? { offset: 0, length: file.sizeBytes } : part;
  const range206 = { "content-range": `bytes ${offset}-${offset + length - 1}/${file.sizeBytes}` };
  const head = { ...headers, "content-length": String(length), ...(part === "whole" ? {} : range206) };
  const status = part === "whole" ? 200 : 206;
  if (file.bytes !== undefined || request.method === "HEAD") {
    response.writeHead(status, head);
    response.end(request.method === "HEAD" ? undefined : file.bytes?.subarray(offset, offset + length));
    return;
  }
  const fd = openSync(file.path, "r");
  try {
    await sendPart(fd, response, { status, head, offset, length });
  } finally {
    closeSync(fd);
  }
}

/** Answers with a file that is still coming. One that turns out bad breaks the connection: never a short 200. */
export async function answerGrowing(
  request: IncomingMessage,
  response: ServerResponse,
  { asked, growing }: { asked: ModRequest; growing: GrowingFile },
): Promise<void> {
  const { totalBytes } = growing;
  const length = totalBytes === undefined ? {} : { "content-length": String(totalBytes) };
  if (request.method === "HEAD") {
    response.writeHead(200, { ...headersOf(asked), ...length, "x-cache": "fetch" });
    response.end();
    return;
  }
  const chunks = growing.read();
  response.writeHead(200, { ...headersOf(asked), ...length, "x-cache": "fetch" });
  try {
    for await (const chunk of chunks) {
      if (!(await send(response, chunk))) return;
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** What says the same whatever the source. */
function headersOf(asked: ModRequest): Record<string, string> {
  const seconds = isMutable(asked) ? 60 : WEEK_SECONDS;
  return {
    "content-type": TYPES[asked.kind],
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

async function sendPart(
  fd: number,
  response: ServerResponse,
  {
    status,
    head,
    offset,
    length,
  }: { status: number; head: Record<string, string>; offset: number; length: number },
): Promise<void> {
  const first = readChunk(fd, offset, length);
  response.writeHead(status, head);
  if (first.length === length) {
    response.end(first);
    return;
  }
  try {
    for (let done = 0, chunk = first; ; chunk = readChunk(fd, offset + done, length - done)) {
      done += chunk.length;
      if (!(await send(response, chunk))) return;
      if (done === length) break;
    }
    response.end();
  } catch (error) {
    // Cut off on the disk meanwhile.
    response.destroy();
    throw error;
  }
}

/** At once: another thread would cost a small file more than the reading. */
function readChunk(fd: number, offset: number, length: number): Buffer {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length));
  const bytesRead = readSync(fd, chunk, 0, chunk.length, offset);
  if (bytesRead === 0 && length > 0) throw new Error(`file ends ${length} bytes early`);
  return chunk.subarray(0, bytesRead);
}

/** `false`: the client has gone. */
async function send(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(chunk)) return true;
  const gone = new AbortController();
  const stop = () => gone.abort();
  response.once("close", stop);
  try {
    await once(response, "drain", { signal: gone.signal });
    return true;
  } catch {
    return false;
  } finally {
    response.off("close", stop);
  }
}
