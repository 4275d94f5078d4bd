/** The compiled executable against the protocol of cmd/go: one table, failures first. */
import { afterAll, beforeAll, describe, setDefaultTimeout, test } from "bun:test";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { playCase } from "./conformance/case.ts";
import { DISK_CASES } from "./conformance/disk-cases.ts";
import { ENDING_CASES } from "./conformance/ending-cases.ts";
import { LOAD_CASES } from "./conformance/load-cases.ts";
import { MESSAGE_CASES } from "./conformance/message-cases.ts";
import { REMOTE_CASES } from "./conformance/remote-cases.ts";

// Only a guard against hanging: nothing here takes long.
setDefaultTimeout(300_000);

const CASES = [...REMOTE_CASES, ...DISK_CASES, ...ENDING_CASES, ...MESSAGE_CASES, ...LOAD_CASES];

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
});

describe("the helper", () => {
  for (const each of CASES) {
    test(each.behaves, async () => {
      await playCase(each, s3);
    });
  }
});
