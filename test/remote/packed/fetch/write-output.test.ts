import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import {
  expandOutput,
  expandOutputAside,
  recordActions,
  writeOutput,
} from "../../../../src/remote/packed/fetch/write-output.ts";
import type { PackedEntry, Place } from "../../../../src/remote/packed/format/entry.ts";
import { WrongBytesError } from "../../../../src/remote/wrong-bytes-error.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { immutable } from "../../../support/full-disk.ts";
import { testOnLinux } from "../../../support/platform.ts";
import { rejection } from "../../../support/rejection.ts";
import { Machine } from "../packed-fixture.ts";
import { entryOf, StockedBucket } from "../stocked-bucket.ts";

const HELLO = Buffer.from("hello");
const PLACE: Place = { pack: { id: "0a".repeat(32), sizeBytes: 100, prefix: "" }, offset: 0, length: 9 };

function wanted(...entries: PackedEntry[]): WantedOutput {
  const [first = entryOf("hello"), ...others] = entries;
  const output = new WantedOutput(first, PLACE);
  output.entries.push(...others);
  return output;
}

describe("a frame", () => {
  test("expands to the output, on this thread and on another", async () => {
    const frame = compressFrame(HELLO);
    for (const bytes of [expandOutput(wanted(), frame), await expandOutputAside(wanted(), frame)]) {
      expect(Buffer.from(bytes).toString()).toBe("hello");
    }
  });

  test.each([
    ["of a longer output", compressFrame(Buffer.from("hello!"))],
    ["that declares a gigabyte", Buffer.from("28b52ffda000000040010000", "hex")],
    [
      "followed by another frame",
      Buffer.concat([compressFrame(HELLO), compressFrame(Buffer.alloc(1 << 20))]),
    ],
    ["that is not zstd", Buffer.from("hello, world")],
    ["that is truncated", compressFrame(HELLO).subarray(0, -1)],
    ["without bytes", Buffer.alloc(0)],
  ])("%s has wrong bytes", async (_, bytes) => {
    const frame = bytes as Uint8Array<ArrayBuffer>;
    expect(() => expandOutput(wanted(), frame)).toThrow(WrongBytesError);
    expect(await rejection(expandOutputAside(wanted(), frame))).toBeInstanceOf(WrongBytesError);
  });
});

test("an output is written and recorded for each of its actions", () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const hello = entryOf("hello");
  const other = { ...hello, actionId: entryOf("other").actionId, putTimeMs: 1_600_000_000_000 };
  writeOutput(wanted(hello, other), HELLO, machine.local);
  for (const { actionId, outputId, sizeBytes, putTimeMs } of [hello, other]) {
    const found = machine.local.get(actionId);
    expect(found).toMatchObject({ outputId, sizeBytes, putTimeMs });
    expect(readFileSync(found?.path ?? "", "utf8")).toBe("hello");
  }
});

test.each(["hellO", "hell", "hello!", ""])("other bytes (%j) are wrong and leave no file", (text) => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  expect(() => writeOutput(wanted(), Buffer.from(text), machine.local)).toThrow(WrongBytesError);
  expect(filesBelow(machine.dir.path)).toEqual([]);
});

testOnLinux("a disk that refuses writes is an error and leaves no file", () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  mkdirSync(machine.dir.join("tmp"));
  using _closed = immutable(machine.dir.join("tmp"));
  expect(() => writeOutput(wanted(), HELLO, machine.local)).toThrow("EPERM");
  expect(() => recordActions([entryOf("hello")], machine.local)).toThrow("EPERM");
  expect(filesBelow(machine.dir.path)).toEqual([]);
});
