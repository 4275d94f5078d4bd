/** Answers of an S3 server, or of another server in its place. */
import { Counters } from "../../../src/lib/counters.ts";
import { listObjects } from "../../../src/s3/operations/list-objects.ts";
import { child, childText, parseXml } from "../../../src/s3/operations/xml.ts";
import { readRefusal } from "../../../src/s3/refusal.ts";
import { S3Client } from "../../../src/s3/s3-client.ts";
import { S3Error } from "../../../src/s3/s3-error.ts";
import { type FuzzTarget, holds, isNoMistake, parsedLater } from "../target.ts";

const WORDS = [
  "<Error>",
  "</Error>",
  "<Code>",
  "<Contents>",
  "</Contents>",
  "<a>",
  "&#0;",
  "&amp;",
  "&#x110000;",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "<![CDATA[",
  "<!--",
  "<__proto__>",
  "<Size>-1</Size>",
];
const MAX_MESSAGE_CHARS = 1_500;
const never = () => false;

const xml: FuzzTarget = {
  name: "XML",
  promise: "texts by name, with limited depth; or an Error",
  thousands: 40,
  recordings: ({ s3 }) => [...s3.listings, ...s3.refusals],
  words: WORDS,
  async attempt(input) {
    const node = await parsedLater(() => parseXml(input.toString()), isNoMistake);
    if (node === undefined) return "refused";
    const text = childText(child(node, "Error"), "Code");
    holds(text === undefined || typeof text === "string", "no text");
    return "accepted";
  },
};

const refusal: FuzzTarget = {
  name: "refusal of S3",
  promise: "an S3Error in one short line without controls; nothing else is thrown",
  thousands: 40,
  recordings: ({ s3 }) => s3.refusals,
  words: WORDS,
  async attempt(input) {
    const status = 300 + ((input[0] ?? 0) % 250);
    const response = new Response(status === 304 ? null : input, { status });
    const found = await parsedLater(() => readRefusal(response, () => {}), never);
    const { message } = new S3Error({ operation: "get", bucket: "b", key: "k" }, found ?? {});
    holds(message.length < MAX_MESSAGE_CHARS, `the message has ${message.length} characters`);
    holds(!/\p{Cc}/u.test(message), `the message has controls: ${JSON.stringify(message)}`);
    return found?.message === undefined ? "refused" : "accepted";
  },
};

let answer: Uint8Array<ArrayBuffer> = new Uint8Array();
let peer: { server: Bun.Server<undefined>; client: S3Client } | undefined;

/** A server with the tried answer, and a client without any checks before. */
function open() {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(answer, { headers: { "content-type": "application/xml" } }),
  });
  const client = new S3Client({
    bucket: "bucket",
    region: "us-east-1",
    endpointUrl: `http://127.0.0.1:${server.port}`,
    pathStyle: true,
    env: { AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "secret-of-test" },
    counters: new Counters(),
  });
  return { server, client };
}

const listing: FuzzTarget = {
  name: "listing of S3",
  promise: "objects with keys and sizes that can be compared; or an S3Error; and no page is requested twice",
  thousands: 12,
  recordings: ({ s3 }) => s3.listings,
  words: WORDS,
  async attempt(input) {
    peer ??= open();
    answer = input;
    const { client } = peer;
    const pages = await parsedLater(
      async () => {
        let count = 0;
        for await (const { objects, serverTimeMs } of listObjects(client, "")) {
          holds(++count <= 2, "the same page comes for ever");
          holds(Number.isFinite(serverTimeMs), "no time");
          for (const { key, sizeBytes, modifiedMs } of objects) {
            holds(
              typeof key === "string" && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0,
              `a size is ${sizeBytes}`,
            );
            holds(Number.isFinite(modifiedMs), "an object of no time");
          }
        }
        return count;
      },
      (error) => error instanceof S3Error,
    );
    return pages === undefined ? "refused" : "accepted";
  },
  async close() {
    await peer?.client.close();
    await peer?.server.stop(true);
    peer = undefined;
  },
};

export const S3_TARGETS: readonly FuzzTarget[] = [xml, refusal, listing];
