import { expect, test } from "bun:test";
import fc from "fast-check";
import { segmentFault } from "../../../../../src/remote/packed/bucket/check/segment-check.ts";
import { allRows } from "../../../../../src/remote/packed/format/segment.ts";
import { type NewSegment, newSegment } from "../../../../../src/remote/packed/format/segment-builder.ts";
import {
  HEADER_BYTES,
  layoutOf,
  ORDER_BYTES,
} from "../../../../../src/remote/packed/format/segment-layout.ts";
import { ENTRIES } from "../../format/entry-arbitraries.ts";
import { segmentOf } from "../../made-record.ts";

test("every written segment is sound", () => {
  fc.assert(fc.property(ENTRIES, (entries) => expect(segmentFault(segmentOf(entries))).toBeUndefined()));
});

test("two outputs in the wrong order are a fault, also if they begin alike", () => {
  fc.assert(
    fc.property(ENTRIES, fc.nat(), (entries, place) => {
      const { segment, bytes } = segmentOf(entries);
      fc.pre(segment.rows > 1);
      const at = layoutOf(segment.rows, 0, 0).order + ORDER_BYTES * (place % (segment.rows - 1));
      const [one, other] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + ORDER_BYTES)];
      const areSame = segment.entry(one)?.outputId === segment.entry(other)?.outputId;
      bytes.writeUInt16LE(other, at);
      bytes.writeUInt16LE(one, at + ORDER_BYTES);
      const fault = segmentFault(newSegment(bytes));
      expect(fault).toBe(areSame ? undefined : "its order of outputs is not sorted");
    }),
  );
});

test("of damaged bytes that pass, each row is found by its action and its output", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(ENTRIES, damage, (entries, places) => {
      const { bytes } = segmentOf(entries);
      for (const [at, byte] of places) bytes[HEADER_BYTES + (at % (bytes.length - HEADER_BYTES))] = byte;
      const made = opened(bytes);
      if (made === undefined || segmentFault(made) !== undefined) return;
      const { segment } = made;
      const found = [...segment.entries(allRows(segment))];
      expect(found.length).toBe(segment.rows);
      for (const [row, { actionId, outputId }] of found) {
        expect(segment.findAction(actionId)).toBe(row);
        expect(segment.entry([...segment.rowsOfOutput(outputId)][0] ?? -1)?.outputId).toBe(outputId);
      }
    }),
    { numRuns: 500 },
  );
});

function opened(bytes: Buffer<ArrayBuffer>): NewSegment | undefined {
  try {
    return newSegment(bytes);
  } catch {
    return undefined;
  }
}
