import { TimeoutError } from "../lib/async/deadline.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { S3Error } from "../s3/s3-error.ts";
import { MissingMountError } from "./missing-mount-error.ts";

const BY_ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "host not found",
  ETIMEDOUT: "connection timed out",
};

const UNSIGNED =
  "no credentials were found, so requests are not signed (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
  "choose a profile with AWS_PROFILE, or give this machine a role)";

/** Describes in one line why a store can't be used. Omits keys and ids, which differ between failures. */
export function describeStoreError(error: unknown): string {
  const causes = causesOf(error);
  const plain = causes.find((cause) => cause instanceof TimeoutError || cause instanceof MissingMountError);
  if (plain !== undefined) return plain.message;
  const failure = causes.find((cause) => cause instanceof S3Error);
  if (failure?.isUnsigned && (failure.status === 401 || failure.status === 403)) return UNSIGNED;
  if (failure?.status !== undefined) return failure.reason;
  const known = causes.map((cause) => BY_ERRNO[errnoOf(cause) ?? ""]).find((text) => text !== undefined);
  if (known !== undefined) return known;
  if (failure !== undefined) return failure.reason;
  // After the comma, the system's message names the file.
  return errnoOf(error) === undefined ? describeError(error) : (describeError(error).split(", ")[0] ?? "");
}

/** Describes why a store denies all reads. */
export function describeDenial(error: unknown): string {
  const failure = causesOf(error).find((cause) => cause instanceof S3Error);
  if (failure === undefined || failure.isUnsigned) return describeStoreError(error);
  if (failure.operation === "list") return `s3:ListBucket is not granted (${failure.reason})`;
  // S3 also answers 403 for an absent object if listing is not granted.
  return `s3:GetObject or s3:ListBucket is not granted (${failure.reason})`;
}

/** Whether a request was refused because it was not signed. */
export function isUnsigned(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof S3Error && cause.isUnsigned);
}

/** The error and its causes, outermost first. Bounded, since causes can be circular. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let cause = error; cause !== undefined && cause !== null && causes.length < 8; ) {
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function errnoOf(error: unknown): string | undefined {
  const code =
    error instanceof Error && !(error instanceof S3Error) ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}
