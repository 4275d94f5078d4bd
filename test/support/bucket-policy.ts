/** Permissions of the users of a server with `users`. */
import { Counters } from "../../src/lib/counters.ts";
import { preparePayload } from "../../src/s3/payload.ts";
import { S3Client } from "../../src/s3/s3-client.ts";
import type { S3Server } from "./s3-server.ts";

/** A user, actions such as `GetObject`, and the prefix they are allowed below; `undefined`: on the bucket itself. */
export type Grant = [user: string, actions: string[], prefix?: string];

/** Replaces the earlier permissions. */
export async function putPolicy(server: S3Server, grants: readonly Grant[]): Promise<void> {
  const bucketArn = `arn:aws:s3:::${server.bucket}`;
  const policy = {
    Version: "2012-10-17",
    Statement: grants.map(([user, actions, prefix]) => ({
      Effect: "Allow",
      Principal: { AWS: [user] },
      Action: actions.map((action) => `s3:${action}`),
      Resource: [prefix === undefined ? bucketArn : `${bucketArn}/${prefix}*`],
    })),
  };
  const client = new S3Client({
    bucket: server.bucket,
    endpointUrl: server.endpoint,
    pathStyle: true,
    env: server.env,
    counters: new Counters(),
  });
  const payload = await preparePayload(Buffer.from(JSON.stringify(policy)), {});
  const call = { operation: "put", method: "PUT", key: "policy", query: { policy: "" }, payload } as const;
  await client.send(call, async (response) => await response.text());
  await client.close();
}
