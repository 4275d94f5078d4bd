import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Fetch, planFetches } from "../../../../src/remote/packed/fetch/fetch-plan.ts";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import type { Pack } from "../../../../src/remote/packed/format/entry.ts";
import { entryOf } from "../stocked-bucket.ts";

const MAX_FETCH_BYTES = 16 << 20;
/** The size limit of a frame in memory. */
const MAX_FRAME_BYTES = 8 << 20;
const KIBIBYTE = 1 << 10;

function packOf(name: string, sizeBytes: number): Pack {
  return { id: name.padEnd(64, "0"), sizeBytes, prefix: "" };
}

function wanted(pack: Pack, offset: number, length: number): WantedOutput {
  return new WantedOutput(entryOf(`${pack.id} ${offset}`), { pack, offset, length });
}

/** The planned requests, as pack, offset and length, with the number of outputs of each. */
function requests(outputs: WantedOutput[]): [string, number, number, number][] {
  return planFetches(outputs).map(({ pack, offset, length, outputs: wanted }) => [
    pack.id.replace(/0+$/, ""),
    offset,
    length,
    wanted.length,
  ]);
}

test("without outputs there is no request", () => {
  expect(planFetches([])).toEqual([]);
});

test("packs are requested in the order of their first output", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => packOf(name, 100)) as [Pack, Pack, Pack];
  const outputs = [wanted(b, 0, 40), wanted(a, 0, 40), wanted(b, 40, 60), wanted(c, 0, 100)];
  expect(requests(outputs).map(([name]) => name)).toEqual(["b", "a", "c"]);
});

describe("a pack", () => {
  test("that is mostly wanted is one request, from the first to the last wanted output", () => {
    const pack = packOf("a", 8 << 20);
    const outputs = [wanted(pack, 4 << 20, 4 << 20), wanted(pack, 0, 100)];
    expect(requests(outputs)).toEqual([["a", 0, 8 << 20, 2]]);
  });

  test("with few wanted outputs is several requests, and each may span small gaps", () => {
    const pack = packOf("a", 8 << 20);
    const gap = 512 * KIBIBYTE;
    const outputs = [0, 10 + gap, 20 + 2 * gap, 31 + 3 * gap].map((offset) => wanted(pack, offset, 10));
    expect(requests(outputs)).toEqual([
      ["a", 0, 30 + 2 * gap, 3],
      ["a", 31 + 3 * gap, 10, 1],
    ]);
  });

  test("that is huge is requested in parts of at most 16 MiB", () => {
    const pack = packOf("a", 64 << 20);
    const outputs = Array.from({ length: 16 }, (_, n) => wanted(pack, n << 22, 1 << 22));
    expect(requests(outputs)).toEqual([0, 1, 2, 3].map((n) => ["a", n << 24, 1 << 24, 4]));
  });

  test("with two outputs at overlapping places yields both", () => {
    const pack = packOf("a", 100);
    const outputs = [wanted(pack, 0, 100), wanted(pack, 0, 50), wanted(pack, 20, 30)];
    expect(requests(outputs)).toEqual([["a", 0, 100, 3]]);
  });
});

const PACK = fc.record({
  name: fc.constantFrom("a", "b", "c"),
  sizeBytes: fc.constantFrom(1_000, 8 << 20, 50 << 20),
});
const OUTPUTS = fc.uniqueArray(PACK, { selector: ({ name }) => name, minLength: 1 }).chain((packs) => {
  const output = fc
    .tuple(fc.constantFrom(...packs), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(MAX_FRAME_BYTES))
    .map(([{ name, sizeBytes }, start, length]) => {
      const offset = Math.floor(start * (sizeBytes - 1));
      return wanted(packOf(name, sizeBytes), offset, Math.max(1, Math.min(length, sizeBytes - offset)));
    });
  return fc.array(output, { maxLength: 60 });
});

test("every wanted output is in exactly one request, in order, within its request and its pack", () => {
  fc.assert(
    fc.property(OUTPUTS, (outputs) => {
      const fetches = planFetches(outputs);
      expect(new Set(fetches.flatMap((fetch) => fetch.outputs))).toEqual(new Set(outputs));
      expect(fetches.flatMap((fetch) => fetch.outputs)).toHaveLength(outputs.length);
      for (const fetch of fetches) expect(faults(fetch)).toEqual([]);
    }),
  );
});

function faults({ pack, offset, length, outputs }: Fetch): string[] {
  const found: string[] = [];
  if (offset < 0 || offset + length > pack.sizeBytes) found.push("beyond the pack");
  if (length > MAX_FETCH_BYTES) found.push(`${length} bytes at once`);
  for (const [at, { place }] of outputs.entries()) {
    if (place.pack.id !== pack.id) found.push("of another pack");
    if (place.offset < offset || place.offset + place.length > offset + length) found.push("not within");
    if (place.offset < (outputs[at - 1]?.place.offset ?? 0)) found.push("out of order");
  }
  return found;
}
