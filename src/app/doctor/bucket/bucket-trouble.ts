/** Causes and remedies of failed requests to the bucket. */
import { posix } from "node:path";
import { TimeoutError } from "../../../lib/async/deadline.ts";
import { isErrno } from "../../../lib/files/errno.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { S3Error } from "../../../s3/s3-error.ts";
import { MissingMountError } from "../../../store/missing-mount-error.ts";
import type { RemoteConfig } from "../../config.ts";
import type { Finding } from "../check.ts";

interface Trouble {
  cause: string;
  remedy: string;
}

/** Causes by S3's own name of the failure (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const BY_CODE: Readonly<Record<string, Trouble>> = {
  InvalidAccessKeyId: {
    cause: "the server does not know this access key",
    remedy: "check AWS_ACCESS_KEY_ID or AWS_PROFILE, and that the key belongs to this server",
  },
  SignatureDoesNotMatch: {
    cause: "the secret key does not belong to the access key",
    remedy: "check AWS_SECRET_ACCESS_KEY for missing or extra characters",
  },
  ExpiredToken: {
    cause: "the credentials have expired",
    remedy: "get new ones (aws sso login), later in the job if need be",
  },
  InvalidToken: {
    cause: "the session token is wrong",
    remedy: "set all three AWS_ variables again, or unset AWS_SESSION_TOKEN",
  },
  NoSuchBucket: {
    cause: "there is no bucket of that name on this server",
    remedy: "make it, or check --bucket, --region and --s3-endpoint-url",
  },
  RequestTimeTooSkewed: {
    cause: "this machine's clock differs too much from the server's",
    remedy: "set the clock by NTP",
  },
  PermanentRedirect: {
    cause: "the bucket is in another region",
    remedy: "set --region to the bucket's",
  },
  AuthorizationHeaderMalformed: {
    cause: "the requests are signed for another region than the bucket's",
    remedy: "set --region to the bucket's",
  },
};

const REACH = "check --s3-endpoint-url, the network, and HTTPS_PROXY and NO_PROXY";

const NO_WAY: Trouble = { cause: "there is no route to the endpoint", remedy: REACH };

const NOT_MOUNTED: Trouble = {
  cause: "nothing is read from the bucket and nothing stored",
  remedy: "mount what should be there, or make the directory",
};

const PATH_STYLE =
  "set --s3-path-style=false if the server expects the bucket in the host name, and only then";

const BY_ERRNO: Readonly<Record<string, Trouble>> = {
  ECONNREFUSED: { cause: "nothing listens at the endpoint", remedy: REACH },
  ENOTFOUND: { cause: "the endpoint's host name does not resolve", remedy: `${REACH}; ${PATH_STYLE}` },
  ECONNRESET: { cause: "the connection was reset", remedy: REACH },
  EPROTO: {
    cause: "what listens at the endpoint does not speak TLS",
    remedy: "use http:// instead of https:// in --s3-endpoint-url, or the port that speaks TLS",
  },
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
};

/** The failure of an operation that needs `permission`, as an error. */
export function bucketTrouble(error: unknown, permission: string, config: RemoteConfig): Finding {
  const { cause, remedy } = explain(error, permission, config);
  return { severity: "error", message: `${cause} (${describeError(error)})`, remedy };
}

/** Whether the server answered, and refused this one permission. */
export function isNotPermitted(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if ([error, cause].some((each) => isErrno(each, "EACCES", "EPERM", "EROFS"))) return true;
  return error instanceof S3Error && error.status === 403 && !((error.code ?? "") in BY_CODE);
}

function explain(error: unknown, permission: string, { bucket, prefix }: RemoteConfig): Trouble {
  const failure = s3Failure(error);
  const known = BY_CODE[failure?.code ?? ""];
  if (known !== undefined) return known;
  if (failure?.code === "NoCredentials") {
    return { cause: "there are no credentials to sign with", remedy: "see the finding on credentials" };
  }
  if (isNotPermitted(error)) {
    if (bucket.kind === "directory") {
      return {
        cause: `this user has no permission for that in ${bucket.path}`,
        remedy: "grant it, or set --read-only",
      };
    }
    const place = `arn:aws:s3:::${bucket.bucket}${permission === "s3:ListBucket" ? "" : `/${posix.join(prefix, "*")}`}`;
    return { cause: `${permission} is not granted`, remedy: `allow ${permission} on ${place} in the policy` };
  }
  if (error instanceof TimeoutError) return { cause: "the server does not answer", remedy: REACH };
  if (error instanceof MissingMountError) return NOT_MOUNTED;
  const errno = errnoOf(error);
  if (errno !== undefined) return BY_ERRNO[errno] ?? { cause: errno, remedy: REACH };
  if (failure?.status !== undefined && failure.status >= 500) {
    return { cause: "the server reports an internal error (5xx)", remedy: "try again, or ask its operator" };
  }
  return {
    cause: "the answer is not that of an S3 server",
    remedy: `check that this is an S3 server's address; ${PATH_STYLE}; ${REACH}`,
  };
}

function s3Failure(error: unknown): S3Error | undefined {
  return error instanceof S3Error ? error : undefined;
}

function errnoOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && error instanceof S3Error && error.status === undefined
    ? code
    : undefined;
}
