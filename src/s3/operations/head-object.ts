import type { S3Call, S3Client } from "../s3-client.ts";
import { isAbsent } from "../s3-error.ts";
import {
  type CallOptions,
  type ObjectInfo,
  readContentLength,
  readModifiedMs,
  requireEtag,
} from "./object-info.ts";

/**
 * Size, etag and time of an object; `undefined` if it does not exist. Also `undefined` if the bucket does not exist:
 * the answer has no body to distinguish them.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export async function headObject(
  client: S3Client,
  key: string,
  { signal }: CallOptions = {},
): Promise<ObjectInfo | undefined> {
  const call: S3Call = { operation: "head", method: "HEAD", key, signal };
  try {
    return await client.send(call, (response) => {
      const sizeBytes = readContentLength(response.headers);
      if (sizeBytes === undefined) throw client.failure(call, "no Content-Length", undefined, response);
      const etag = requireEtag(client, call, response);
      return { sizeBytes, etag, modifiedMs: readModifiedMs(response.headers) };
    });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
