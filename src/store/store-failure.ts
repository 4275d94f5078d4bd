/** What a failure of an `ObjectStore` means for those who use it. */
import { isErrno } from "../lib/files/errno.ts";
import { isKeyRefusal } from "../s3/refusal.ts";
import { S3Error } from "../s3/s3-error.ts";

/**
 * Whether the store refused to say. S3 answers that for an absent object, too, where listing is not granted, so on a
 * read of something that need not exist it is no failure.
 */
export function isAccessDenied(error: unknown): boolean {
  return (
    error instanceof S3Error &&
    error.status === 403 &&
    (error.code === "AccessDenied" || error.code === "Forbidden")
  );
}

/** Whether asking again has no hope: no credentials, or ones that the store refuses. */
export function isHopeless(error: unknown): boolean {
  const failure = s3Failure(error);
  if (failure === undefined) return false;
  const { status, code } = failure;
  return status === 401 || status === 403 || code === "NoCredentials" || isKeyRefusal(code);
}

/**
 * Whether the store knows who asks and denies it. Any other refusal (unknown, revoked or expired keys, or a 403 that a
 * proxy may have made) says nothing of what this identity may do once its keys are mended.
 */
export function isDenial(error: unknown): boolean {
  const failure = s3Failure(error);
  return failure?.status === 403 && failure.code === "AccessDenied" && failure.isExplained;
}

function s3Failure(error: unknown): S3Error | undefined {
  const failure = error instanceof Error && !(error instanceof S3Error) ? error.cause : error;
  return failure instanceof S3Error ? failure : undefined;
}

/** Whether a range was asked for that the object does not have. */
export function isBeyondEnd(error: unknown): boolean {
  if (error instanceof S3Error && error.status === 416) return true;
  return error instanceof Error && error.cause instanceof RangeError;
}

/** Whether it was the local disk that failed, not the store. */
export function isDiskFailure(error: unknown): boolean {
  return isErrno(error, "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE");
}
