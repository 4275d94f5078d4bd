import { exactStream } from "../../lib/bytes/exact-stream.ts";
import type { S3Call, S3Client } from "../s3-client.ts";
import { isAbsent } from "../s3-error.ts";
import {
  type CallOptions,
  type ObjectInfo,
  readContentLength,
  readModifiedMs,
  requireEtag,
} from "./object-info.ts";

export interface GetObjectOptions extends CallOptions {
  /** Bytes `offset` to `offset + length - 1`, at least one. */
  range?: { offset: number; length: number } | undefined;
}

export interface ReadableObject extends ObjectInfo {
  /** Number of bytes in `body`. A body with fewer errors. */
  bodyBytes: number;
  body: ReadableStream<Uint8Array>;
}

/** Which bytes of an answer's body to return. */
interface Portion {
  /** Size of the whole object. */
  sizeBytes: number;
  skipBytes: number;
  takeBytes: number;
}

/**
 * An object's bytes, or a range of them; `undefined` if it does not exist. An interrupted body errors and is not
 * retried: its reader may have used the start already.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function getObject(
  client: S3Client,
  key: string,
  { range, signal }: GetObjectOptions = {},
): Promise<ReadableObject | undefined> {
  const headers: Record<string, string> =
    range === undefined ? {} : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
  const call: S3Call = { operation: "get", method: "GET", key, headers, signal };
  try {
    return await client.send(call, (response) => openBody(client, call, response, range));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function openBody(
  client: S3Client,
  call: S3Call,
  response: Response,
  range: GetObjectOptions["range"],
): ReadableObject {
  const etag = requireEtag(client, call, response);
  const portion = response.status === 206 ? partPortion(response, range) : wholePortion(response, range);
  if (portion instanceof Error) throw client.failure(call, portion.message, portion, response);
  const { sizeBytes, skipBytes, takeBytes } = portion;
  const onFailure = (bytesSoFar: number, cause: unknown) => {
    if (call.signal?.aborted) return call.signal.reason;
    return client.failure(call, `body ended after ${bytesSoFar} of ${takeBytes} bytes`, cause, response);
  };
  const source = response.body ?? new Blob().stream();
  const body = exactStream(source, { skipBytes, takeBytes, onBytes: client.countReceived, onFailure });
  return { sizeBytes, etag, modifiedMs: readModifiedMs(response.headers), bodyBytes: takeBytes, body };
}

/** The answer is the whole object. Cuts the range out of it: skipping bytes costs less than failing. */
function wholePortion(response: Response, range: GetObjectOptions["range"]): Portion | Error {
  const sizeBytes = readContentLength(response.headers);
  // Without a length, the end of the object looks like a lost connection.
  if (sizeBytes === undefined) return new Error("no Content-Length");
  const { offset, length } = range ?? { offset: 0, length: sizeBytes };
  if (offset + length > sizeBytes) return beyondEnd(sizeBytes);
  return { sizeBytes, skipBytes: offset, takeBytes: length };
}

/**
 * The answer is a range: `Content-Range: bytes 0-9/100`. S3 shortens a range that ends beyond the object; this function
 * rejects it.
 */
function partPortion(response: Response, range: GetObjectOptions["range"]): Portion | Error {
  const text = response.headers.get("content-range") ?? "";
  const [first, last, sizeBytes] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (first === undefined || last === undefined || sizeBytes === undefined || range === undefined) {
    return new Error(`unexpected Content-Range ${JSON.stringify(text)}`);
  }
  if (range.offset + range.length > sizeBytes) return beyondEnd(sizeBytes);
  if (first !== range.offset || last !== first + range.length - 1) {
    return new Error(`got another range: ${text}`);
  }
  return { sizeBytes, skipBytes: 0, takeBytes: range.length };
}

/** The error of both stores for such a range. S3 itself may also answer 416; see `store/store-failure.ts`. */
function beyondEnd(sizeBytes: number): RangeError {
  return new RangeError(`range ends beyond ${sizeBytes} bytes`);
}
