/** What go commands in a row lose to an S3 that is in trouble, and what the user hears. Single faults: `faults.test.ts`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { operationOf, s3Error } from "../support/faults.ts";
import { helperLines } from "../support/go-toolchain.ts";
import { startTroubledMachine } from "../support/troubled-machine.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

test("a bucket that may not be listed is done without, and the first command says so", async () => {
  await using machine = await startTroubledMachine();
  machine.proxy.fail((request) => operationOf(request) === "list", s3Error(403));
  const [first, ...others] = await machine.runInARow(3);
  expect([first, ...others].map((outcome) => outcome?.exitCode)).toEqual([0, 0, 0]);
  expect(helperLines(first ?? { stderr: "" })).toEqual([
    expect.stringContaining("s3:ListBucket is not granted"),
  ]);
  expect(others.flatMap(helperLines)).toEqual([]);
});

test("go commands in a row with an S3 that hangs all do their work", async () => {
  await using machine = await startTroubledMachine("--remote-timeout=1s");
  machine.proxy.fail(() => true, { kind: "hang" });
  const outcomes = await machine.runInARow(6);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(6).fill(0));
});
