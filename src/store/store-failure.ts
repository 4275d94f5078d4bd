/** What a failure of an `ObjectStore` means for those who use it. */
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
  const failure = error instanceof Error && !(error instanceof S3Error) ? error.cause : error;
  if (!(failure instanceof S3Error)) return false;
  return failure.status === 401 || failure.status === 403 || failure.code === "NoCredentials";
}
