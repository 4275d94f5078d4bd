import { expect, test } from "bun:test";
import { BucketFailure } from "../../../src/app/native/bucket-failure.ts";
import { orSay } from "../../../src/app/native/or-say.ts";
import { Logger } from "../../../src/lib/logger.ts";
import { WrongBytesError } from "../../../src/remote/wrong-bytes-error.ts";
import { NotSentError } from "../../../src/store/not-sent-error.ts";

function open() {
  const lines: string[] = [];
  return { lines, log: new Logger({ verbose: false, debugMask: 0, write: (line) => lines.push(line) }) };
}

const health = (lastFailure?: string) => ({ nameIn: (text: string) => `bucket: ${text}`, lastFailure });

const failing = (error: Error) => () => Promise.reject(error);

test("what fails twice for one reason is said once; another reason is said, too", async () => {
  const { lines, log } = open();
  await orSay({ log }, "nothing was restored", failing(new Error("GOCACHE is off")));
  await orSay({ log }, "nothing was saved", failing(new Error("GOCACHE is off")));
  await orSay({ log }, "nothing was saved", failing(new Error("others can write there")));
  expect(lines).toEqual([
    "go-cache-plugin: nothing was restored: GOCACHE is off\n",
    "go-cache-plugin: nothing was saved: others can write there\n",
  ]);
});

test("of the bucket's trouble there is one line, whoever says it first", async () => {
  const { lines, log } = open();
  log.warn("remote", "remote cache disabled for now");
  await orSay({ log }, "nothing was restored", failing(new BucketFailure(health(), { cause: "late" })));
  expect(lines).toEqual(["go-cache-plugin: remote cache disabled for now\n"]);
});

test.each([
  ["what failed earlier, when it was not asked", new NotSentError("not asked"), "no answer", "no answer"],
  ["that it was not asked, when nobody knows why", new NotSentError("not asked"), undefined, "not asked"],
  [
    "that its bytes are wrong",
    new WrongBytesError("aa", "bb"),
    undefined,
    "wrong bytes, not used: output aa has the SHA-256 bb",
  ],
  [
    "the system's error without the path",
    Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES" }),
    "no answer",
    "EACCES: permission denied",
  ],
])("a failure of the bucket says %s", (_, cause, lastFailure, text) => {
  expect(new BucketFailure(health(lastFailure), { cause }).message).toBe(`bucket: ${text}`);
});
