import { expect, test } from "bun:test";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { rejection } from "../../../support/rejection.ts";
import { entryOf } from "../stocked-bucket.ts";

const FRAME = Uint8Array.of(1, 2, 3);

function wanted(): WantedOutput {
  const pack = { id: "0a".repeat(32), sizeBytes: 3, prefix: "" };
  return new WantedOutput(entryOf("hello"), { pack, offset: 0, length: 3 });
}

test("a new output is queued for its action and not awaited", () => {
  const { outputId, sizeBytes, entries, stage, isAwaited } = wanted();
  expect([outputId, sizeBytes, entries, stage, isAwaited] as unknown[]).toEqual([
    entryOf("hello").outputId,
    5,
    [entryOf("hello")],
    "queued",
    false,
  ]);
});

test("only one caller gets the frame", () => {
  const output = wanted();
  expect(output.takeFrame()).toBeUndefined();
  output.buffer(FRAME);
  expect([output.stage as string, output.takeFrame(), output.stage, output.takeFrame()]).toEqual([
    "buffered",
    FRAME,
    "writing",
    undefined,
  ]);
});

test("waiting callers resolve to true when the output is written", async () => {
  const output = wanted();
  const { arrival } = output;
  output.buffer(FRAME);
  output.written();
  expect([await arrival, await output.arrival, output.stage, output.takeFrame()] as unknown[]).toEqual([
    true,
    true,
    "done",
    undefined,
  ]);
});

test("waiting callers resolve to false if there is no output, and reject with the error of a failure", async () => {
  const [nothing, wrong] = [wanted(), wanted()];
  nothing.buffer(FRAME);
  nothing.failed(undefined);
  wrong.failed(new Error("reset"));
  expect([await nothing.arrival, nothing.takeFrame(), nothing.stage] as unknown[]).toEqual([
    false,
    undefined,
    "done",
  ]);
  expect(await rejection(wrong.arrival)).toEqual(new Error("reset"));
});

test("a failure without waiting callers is not an unhandled rejection, and the first result counts", async () => {
  const output = wanted();
  output.failed(new Error("reset"));
  output.written();
  await new Promise(setImmediate);
  expect(await rejection(output.arrival)).toEqual(new Error("reset"));
});
