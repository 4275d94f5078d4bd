import { EMPTY_SHA256 } from "../../../src/lib/bytes/empty-sha256.ts";
import { signedHeaders } from "../../../src/s3/signer.ts";
import { startS3Server } from "../../support/s3-server.ts";
import { AWS_LISTINGS, AWS_REFUSALS } from "./aws-answers.ts";

/** Bodies of S3's answers. */
export interface S3Answers {
  listings: Buffer[];
  refusals: Buffer[];
}

const KEYS = [
  "a",
  "ci/packed/v1/run/linux_amd64_go1.27.4/example.com%2Fa/main/test/1-2-3.json.zst",
  "blank and +plus&amp;",
  "ключ",
];

/** The answers of versitygw, and, since tests don't use AWS itself, those in its documentation. */
export async function recordS3(): Promise<S3Answers> {
  await using server = await startS3Server();
  const { accessKeyId, secretAccessKey, bucket } = server;
  const ask = async (method: string, path: string, body?: string) => {
    const url = new URL(`${server.endpoint}/${path}`);
    const sha256 =
      body === undefined ? EMPTY_SHA256 : new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const signing = { credentials: { accessKeyId, secretAccessKey }, region: "us-east-1", date: new Date() };
    const headers = await signedHeaders({ method, url, headers: {}, sha256 }, signing);
    const answer = await fetch(url, {
      method,
      headers,
      proxy: false,
      ...(body === undefined ? {} : { body }),
    } as RequestInit);
    return Buffer.from(await answer.arrayBuffer());
  };
  for (const key of KEYS) await ask("PUT", `${bucket}/${encodeURIComponent(key)}`, key);
  const list = `${bucket}?encoding-type=url&list-type=2`;
  const listings = [
    await ask("GET", list),
    await ask("GET", `${list}&max-keys=2`),
    await ask("GET", `${list}&prefix=none`),
  ];
  const refusals = [
    await ask("GET", `${bucket}/none`),
    await ask("GET", "no-such-bucket/none"),
    Buffer.from(
      await (await fetch(`${server.endpoint}/${bucket}`, { proxy: false } as RequestInit)).arrayBuffer(),
    ),
  ];
  return {
    listings: [...listings, ...AWS_LISTINGS.map((text) => Buffer.from(text))],
    refusals: [...refusals, ...AWS_REFUSALS.map((text) => Buffer.from(text))],
  };
}
