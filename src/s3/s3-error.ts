/** The only error of S3 operations, besides the reason of an aborted signal. */

/** The operation and its bucket: the start of every message. */
export interface S3Target {
  /** Such as `get`. */
  operation: string;
  bucket: string;
  /** The key, a listing's prefix, or nothing. */
  key?: string | undefined;
}

/**
 * The details of a failure. Without a status, no complete answer arrived. The message contains texts on one line, cut
 * to a limit.
 */
export interface S3ErrorDetails {
  status?: number | undefined;
  /** S3's error code, such as `SlowDown`. */
  code?: string | undefined;
  /** Whether the server sent the code. Otherwise it follows from the status. */
  isExplained?: boolean;
  message?: string | undefined;
  requestId?: string | undefined;
  /** Whether the request was not signed because there are no credentials. */
  isUnsigned?: boolean | undefined;
  cause?: unknown;
}

const MESSAGE_CHARS = 240;

/** `S3 get s3://bucket/key: 503 SlowDown (request id 4442587FB7D0A2F9)`. */
export class S3Error extends Error {
  override name = "S3Error" as const;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly isExplained: boolean;
  readonly requestId: string | undefined;
  readonly isUnsigned: boolean;
  readonly operation: string;
  /** The message without bucket and key: `503 SlowDown (request id 4442587FB7D0A2F9)`. */
  readonly reason: string;

  constructor(target: S3Target, details: S3ErrorDetails) {
    const reason = describeDetails(details);
    super(`${describeTarget(target)}: ${reason}`, { cause: details.cause });
    this.reason = reason;
    this.operation = target.operation;
    this.isUnsigned = details.isUnsigned ?? false;
    this.status = details.status;
    this.code = details.code;
    this.isExplained = details.isExplained ?? false;
    this.requestId = details.requestId;
  }
}

/** Whether the object does not exist. A missing bucket is a failure, not an absent object. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && error.code !== "NoSuchBucket";
}

/** Whether a condition (`If-Match`, `If-None-Match`) failed. */
export function isConditionFailed(error: unknown): boolean {
  return error instanceof S3Error && error.status === 412;
}

/** Whether the server does not support a feature of the request, such as a condition. */
export function isNotImplemented(error: unknown): boolean {
  return error instanceof S3Error && error.status === 501;
}

function describeTarget({ operation, bucket, key }: S3Target): string {
  return `S3 ${operation} s3://${bucket}${key === undefined ? "" : `/${key}`}`;
}

function describeDetails({ status, code, message, requestId }: S3ErrorDetails): string {
  const name = [status, code && oneLine(code)].filter((part) => part !== undefined).join(" ");
  const text = [name, oneLine(message)].filter((part) => part !== "").join(": ");
  return requestId === undefined ? text : `${text} (request id ${oneLine(requestId)})`;
}

/** A server's text must not control the terminal. */
function oneLine(text = ""): string {
  const clean = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return clean.length > MESSAGE_CHARS ? `${clean.slice(0, MESSAGE_CHARS)}…` : clean;
}
