/** The long form of `test/e2e/remote-faults.test.ts`: through several of the pauses after which the bucket is asked again. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { startTroubledMachine } from "../support/troubled-machine.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

test("20 go commands in a row with an S3 that hangs all do their work", async () => {
  await using machine = await startTroubledMachine("--remote-timeout=1s");
  machine.proxy.fail(() => true, { kind: "hang" });
  const outcomes = await machine.runInARow(20);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0));
});
