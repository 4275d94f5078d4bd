/**
 * Which failures to retry, and when. Full jitter keeps the clients of a failing server from retrying at the same time:
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
import { isErrno } from "../lib/files/errno.ts";
import type { S3Error } from "./s3-error.ts";

/** Attempts per operation. */
export const MAX_ATTEMPTS = 3;

const BASE_DELAY_MS = 100;

const TRANSIENT_STATUS = new Set([429, 500, 502, 503, 504]);

const TRANSIENT_CODE = new Set([
  "ConditionalRequestConflict",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
]);

/** No connection, or a broken one. Not a rejected certificate or a changed file: those fail again. */
const TRANSIENT_ERRNO = [
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
];

/** Whether the same request may succeed later. */
export function isTransient(error: S3Error): boolean {
  if (error.status === undefined) return isErrno(error.cause, ...TRANSIENT_ERRNO);
  return TRANSIENT_STATUS.has(error.status) || TRANSIENT_CODE.has(error.code ?? "");
}

/** The delay after attempt number `attempt` (from 1), in milliseconds; `random` is in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  return random * BASE_DELAY_MS * 2 ** (attempt - 1);
}
