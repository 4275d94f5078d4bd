/** Consecutive go commands with a failing S3: lost time and messages. Single faults: `faults.test.ts`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { operationOf, s3Error } from "../support/faults.ts";
import { helperLines } from "../support/go-toolchain.ts";
import { startTroubledMachine } from "../support/troubled-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("a bucket without permission to list is bypassed, and the first command says so", async () => {
  await using machine = await startTroubledMachine();
  machine.proxy.fail((request) => operationOf(request) === "list", s3Error(403));
  const [first, ...others] = await machine.runInARow(3);
  expect([first, ...others].map((outcome) => outcome?.exitCode)).toEqual([0, 0, 0]);
  expect(helperLines(first ?? { stderr: "" })).toEqual([
    expect.stringContaining("s3:ListBucket is not granted"),
  ]);
  expect(others.flatMap(helperLines)).toEqual([]);
});

test("consecutive go commands succeed with an S3 that hangs", async () => {
  await using machine = await startTroubledMachine("--remote-timeout=1s");
  machine.proxy.fail(() => true, { kind: "hang" });
  const outcomes = await machine.runInARow(6);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(6).fill(0));
});
