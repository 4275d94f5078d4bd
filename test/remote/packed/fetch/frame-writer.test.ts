import { expect, test } from "bun:test";
import { FrameWriter } from "../../../../src/remote/packed/fetch/frame-writer.ts";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { entryOf } from "../stocked-bucket.ts";
import { openRestorer } from "./restorer-fixture.ts";

const OUTPUTS = 1_000;

test("frames that other callers have taken are skipped in one turn of the event loop", async () => {
  using opened = openRestorer();
  const { local, counters } = opened.machine;
  const writer = new FrameWriter({ local, counters, onBadPack: () => {} });
  const pack = { id: "0a".repeat(32), sizeBytes: OUTPUTS, prefix: "" };
  for (let n = 0; n < OUTPUTS; n++) {
    const output = new WantedOutput(entryOf(`output ${n}`), { pack, offset: n, length: 1 });
    writer.take(output, Uint8Array.of(0));
    output.takeFrame();
  }
  expect(writer.isIdle).toBe(false);
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  expect(writer.isIdle).toBe(true);
});
