import { abortable } from "../../../lib/async/abortable.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { formatSpan } from "../../../lib/text/duration.ts";
import { CredentialSource, credentialOrigin } from "../../../s3/credentials/credentials.ts";
import type { Check, Finding, Subject } from "../check.ts";

export const CREDENTIALS_REMEDY = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";

const SOON_MS = 15 * 60_000;

/** Which provider of AWS's chain has keys, and how long they last. Never the keys. */
export const credentials: Check = {
  name: "credentials",
  run: async ({ bucket, env }: Subject, signal: AbortSignal): Promise<Finding[]> => {
    if (bucket?.config.bucket.kind !== "s3") return [];
    const source = new CredentialSource({ env, allowAnonymous: bucket.endpoint !== undefined });
    try {
      const found = await abortable(source.get(), signal);
      if (found === undefined) {
        bucket.isUnsigned = true;
        return [
          {
            severity: "note",
            message: "there are none: requests are unsigned, which only public buckets accept",
            remedy: CREDENTIALS_REMEDY,
          },
        ];
      }
      const origin = credentialOrigin(found, env);
      return [
        lasting(`from ${origin}`, found.expiration, { origin, expires: found.expiration?.toISOString() }),
      ];
    } catch (error) {
      signal.throwIfAborted();
      return [
        {
          severity: "error",
          message: describeError(error),
          remedy:
            "go-cache-plugin help configure; aws sts get-caller-identity shows what AWS's own tools find",
        },
      ];
    }
  },
};

function lasting(message: string, expiration: Date | undefined, data: Record<string, unknown>): Finding {
  if (expiration === undefined) return { severity: "ok", message: `${message}, no expiry is known`, data };
  const leftMs = expiration.getTime() - Date.now();
  if (leftMs <= 0) {
    const remedy = "get new ones, such as by aws sso login";
    return {
      severity: "error",
      message: `${message}, which expired ${formatSpan(-leftMs)} ago`,
      remedy,
      data,
    };
  }
  const text = `${message}, for ${formatSpan(leftMs)}`;
  if (leftMs > SOON_MS) return { severity: "ok", message: text, data };
  return { severity: "note", message: `${text}; the provider renews them then, if it can`, data };
}
