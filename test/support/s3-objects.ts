import type { S3Server } from "./s3-server.ts";

/** A separate client with which tests store and read objects without the helper. */
export function s3Client(server: S3Server): Bun.S3Client {
  const { bucket, endpoint, accessKeyId, secretAccessKey } = server;
  return new Bun.S3Client({ bucket, endpoint, accessKeyId, secretAccessKey, region: "us-east-1" });
}

/** Every key below `prefix`. */
export async function keysBelow(server: S3Server, prefix: string): Promise<string[]> {
  const client = s3Client(server);
  const keys: string[] = [];
  for (let startAfter: string | undefined; ; startAfter = keys.at(-1)) {
    const page = await client.list({ prefix, ...(startAfter === undefined ? {} : { startAfter }) });
    keys.push(...(page.contents ?? []).map((object) => object.key));
    if (page.isTruncated !== true) return keys;
  }
}
