/** The long form of `test/e2e/remote-faults.test.ts`: through several back-off intervals of the bucket. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { startTroubledMachine } from "../support/troubled-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("20 consecutive go commands succeed with an S3 that hangs", async () => {
  await using machine = await startTroubledMachine("--remote-timeout=1s");
  machine.proxy.fail(() => true, { kind: "hang" });
  const outcomes = await machine.runInARow(20);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0));
});
