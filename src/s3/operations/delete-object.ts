import type { S3Call, S3Client } from "../s3-client.ts";
import { isAbsent } from "../s3-error.ts";
import { readBodyText, SHORT_ANSWER_BYTES } from "./body-text.ts";
import type { CallOptions } from "./object-info.ts";

/**
 * Deletes an object. Succeeds if it does not exist.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
 */
export async function deleteObject(
  client: S3Client,
  key: string,
  { signal }: CallOptions = {},
): Promise<void> {
  const call: S3Call = { operation: "delete", method: "DELETE", key, signal };
  try {
    await client.send(call, (response) => readBodyText(response, SHORT_ANSWER_BYTES, client.countReceived));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
