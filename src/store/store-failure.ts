/** Classifies failures of an `ObjectStore`. */
import { isErrno } from "../lib/files/errno.ts";
import { isKeyRefusal } from "../s3/refusal.ts";
import { S3Error } from "../s3/s3-error.ts";

/**
 * Whether access was denied. S3 also answers so for an absent object if listing is not granted, so for an object that
 * may be absent it is not a failure.
 */
export function isAccessDenied(error: unknown): boolean {
  return (
    error instanceof S3Error &&
    error.status === 403 &&
    (error.code === "AccessDenied" || error.code === "Forbidden")
  );
}

/** Whether a retry is pointless: there are no credentials, or the store refuses them. */
export function isHopeless(error: unknown): boolean {
  const failure = s3Failure(error);
  if (failure === undefined) return false;
  const { status, code } = failure;
  return status === 401 || status === 403 || code === "NoCredentials" || isKeyRefusal(code);
}

/**
 * Whether the store knows the identity and denies the request. Other refusals (unknown, revoked or expired keys, or a
 * 403 that may come from a proxy) say nothing about the identity's permissions.
 */
export function isDenial(error: unknown): boolean {
  const failure = s3Failure(error);
  return failure?.status === 403 && failure.code === "AccessDenied" && failure.isExplained;
}

function s3Failure(error: unknown): S3Error | undefined {
  const failure = error instanceof Error && !(error instanceof S3Error) ? error.cause : error;
  return failure instanceof S3Error ? failure : undefined;
}

/** Whether the requested range ends beyond the object. */
export function isBeyondEnd(error: unknown): boolean {
  if (error instanceof S3Error && error.status === 416) return true;
  return error instanceof Error && error.cause instanceof RangeError;
}

/** Whether the local disk failed, not the store. */
export function isDiskFailure(error: unknown): boolean {
  return isErrno(error, "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE");
}
