import { type PayloadSource, preparePayload } from "../payload.ts";
import type { S3Call, S3Client } from "../s3-client.ts";
import { isAbsent, isConditionFailed } from "../s3-error.ts";
import { readBodyText, SHORT_ANSWER_BYTES } from "./body-text.ts";
import { type CallOptions, requireEtag } from "./object-info.ts";

export interface PutObjectOptions extends CallOptions {
  /** SHA-256 of the body in lower-case hex. Computed if omitted. */
  sha256?: string | undefined;
  /** Write only if the object does not exist, or only if it has this etag. */
  onlyIf?: "absent" | { etag: string } | undefined;
}

/**
 * Writes an object; `"refused"` if `onlyIf` does not hold. If the answer to an earlier attempt was lost, `"refused"`
 * may result from that attempt's own write.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function putObject(
  client: S3Client,
  key: string,
  source: PayloadSource,
  { sha256, onlyIf, signal }: PutObjectOptions = {},
): Promise<"stored" | "refused"> {
  signal?.throwIfAborted();
  const payload = await preparePayload(source, { sha256, signal });
  const headers = conditionHeaders(onlyIf);
  const call: S3Call = { operation: "put", method: "PUT", key, headers, payload, signal };
  try {
    await client.send(call, async (response) => {
      requireEtag(client, call, response);
      await readBodyText(response, SHORT_ANSWER_BYTES, client.countReceived);
    });
    return "stored";
  } catch (error) {
    // A failed condition that was never set is not a refusal: the server stored nothing.
    if (onlyIf !== undefined && isConditionFailed(error)) return "refused";
    // The object of `If-Match` no longer exists.
    if (typeof onlyIf === "object" && isAbsent(error)) return "refused";
    throw error;
  }
}

function conditionHeaders(onlyIf: PutObjectOptions["onlyIf"]): Record<string, string> {
  if (onlyIf === undefined) return {};
  return onlyIf === "absent" ? { "if-none-match": "*" } : { "if-match": onlyIf.etag };
}
