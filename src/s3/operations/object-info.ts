import { parseDateMs } from "../refusal.ts";
import type { S3Call, S3Client } from "../s3-client.ts";

/** What is known of an object besides its bytes. */
export interface ObjectInfo {
  /** Bytes of the whole object. */
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
}

/** What each operation may be given. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/**
 * The object's etag, which every S3 server gives. A captive portal or a gateway that answers 200 with a page of
 * its own doesn't, and must not pass for an object, let alone for a finished upload.
 */
export function requireEtag(client: S3Client, call: S3Call, response: Response): string {
  const etag = response.headers.get("etag");
  if (etag) return etag;
  throw client.failure(call, "no ETag, so this is not S3's answer", undefined, response);
}

/** `Last-Modified` in milliseconds since 1970. A server that gives no time means long ago. */
export function readModifiedMs(headers: Headers): number {
  return parseDateMs(headers.get("last-modified")) ?? 0;
}

/** `Content-Length`; `undefined` when the answer doesn't say. */
export function readContentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
