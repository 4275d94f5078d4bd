/** Builds that share a bucket, in each layout over S3 and over a directory, filled in that layout itself. */
import { afterAll, beforeAll, describe, setDefaultTimeout } from "bun:test";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import {
  directoryRemote,
  fillCold,
  type Layout,
  s3Remote,
  testSharedBuilds,
} from "../support/shared-build-contract.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const KINDS = ["a bucket in S3", "a shared directory"] as const;
const LAYOUTS: Layout[] = ["packed", "split", "both"];

let s3: S3Server;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());

describe.each(KINDS)("%s", (kind) =>
  describe.each(LAYOUTS)("%s", (layout) => {
    let dir: TempDir;
    const open = (name: string) =>
      kind === "a shared directory"
        ? directoryRemote(dir.join("shared", name), layout)
        : s3Remote(s3, `${layout}-${name}`, layout);
    beforeAll(async () => {
      dir = tempDir("remote");
      await fillCold(open("full"), dir);
    });
    afterAll(() => dir[Symbol.dispose]());

    testSharedBuilds(open);
  }),
);
