import { parseDateMs } from "../refusal.ts";
import type { S3Call, S3Client } from "../s3-client.ts";

/** An object's metadata. */
export interface ObjectInfo {
  /** Size of the whole object. */
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
}

/** Options of every operation. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/**
 * The object's etag. Every S3 server sends one; a captive portal or gateway that answers 200 with its own page doesn't.
 * Such a page must not count as an object or as a finished upload.
 */
export function requireEtag(client: S3Client, call: S3Call, response: Response): string {
  const etag = response.headers.get("etag");
  if (etag) return etag;
  throw client.failure(call, "no ETag, so this is not S3's answer", undefined, response);
}

/** `Last-Modified` in milliseconds since 1970; 0 if missing. */
export function readModifiedMs(headers: Headers): number {
  return parseDateMs(headers.get("last-modified")) ?? 0;
}

/** `Content-Length`; `undefined` if missing or invalid. */
export function readContentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
