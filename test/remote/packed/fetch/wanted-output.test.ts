import { expect, test } from "bun:test";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { rejection } from "../../../support/rejection.ts";
import { entryOf } from "../stocked-bucket.ts";

const FRAME = Uint8Array.of(1, 2, 3);

function wanted(): WantedOutput {
  const pack = { id: "0a".repeat(32), sizeBytes: 3, prefix: "" };
  return new WantedOutput(entryOf("hello"), { pack, offset: 0, length: 3 });
}

test("is queued for the action that named it, and nobody waits for it yet", () => {
  const { outputId, sizeBytes, entries, stage, isDemanded } = wanted();
  expect([outputId, sizeBytes, entries, stage, isDemanded] as unknown[]).toEqual([
    entryOf("hello").outputId,
    5,
    [entryOf("hello")],
    "queued",
    false,
  ]);
});

test("its frame is taken by one who places it, and by nobody else", () => {
  const output = wanted();
  expect(output.takeFrame()).toBeUndefined();
  output.hold(FRAME);
  expect([output.stage as string, output.takeFrame(), output.stage, output.takeFrame()]).toEqual([
    "held",
    FRAME,
    "placing",
    undefined,
  ]);
});

test("those who wait learn that it is there", async () => {
  const output = wanted();
  const { arrival } = output;
  output.hold(FRAME);
  output.placed();
  expect([await arrival, await output.arrival, output.stage, output.takeFrame()] as unknown[]).toEqual([
    true,
    true,
    "done",
    undefined,
  ]);
});

test("those who wait learn that there is nothing, or what went wrong", async () => {
  const [nothing, wrong] = [wanted(), wanted()];
  nothing.hold(FRAME);
  nothing.failed(undefined);
  wrong.failed(new Error("reset"));
  expect([await nothing.arrival, nothing.takeFrame(), nothing.stage] as unknown[]).toEqual([
    false,
    undefined,
    "done",
  ]);
  expect(await rejection(wrong.arrival)).toEqual(new Error("reset"));
});

test("a failure that nobody waits for is no trouble, and the first end counts", async () => {
  const output = wanted();
  output.failed(new Error("reset"));
  output.placed();
  await new Promise(setImmediate);
  expect(await rejection(output.arrival)).toEqual(new Error("reset"));
});
