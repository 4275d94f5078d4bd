import fc from "fast-check";
import { isPlainFileName } from "../../../../src/lib/files/plain-file-name.ts";
import type { Pack, PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { isPlainPrefix } from "../../../../src/remote/packed/format/keys.ts";

const MAX_SIZE = 2 ** 48 - 1;
const MAX_OFFSET = 2 ** 32 - 1;

/** Ids often begin alike, as some of thousands do. */
export const ID: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("00000000", "00000001", "80000000", "ffffffff", ""),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  )
  .map(([start, bytes]) => start + Buffer.from(bytes).toString("hex").slice(start.length));

const PACKS: fc.Arbitrary<Pack[]> = fc.array(
  fc.record({
    id: ID,
    sizeBytes: fc.integer({ min: 1, max: MAX_SIZE }),
    prefix: fc.string().filter(isPlainPrefix),
  }),
  { minLength: 1, maxLength: 5 },
);

function entryIn(packs: readonly Pack[], outputs: readonly string[]): fc.Arbitrary<PackedEntry> {
  const place = fc.constantFrom(...packs).chain((pack) =>
    fc
      .tuple(fc.nat(Math.min(pack.sizeBytes - 1, MAX_OFFSET)), fc.integer({ min: 1, max: MAX_SIZE }))
      .map(([offset, length]) => ({
        pack,
        offset,
        length: Math.min(length, pack.sizeBytes - offset),
      })),
  );
  return fc
    .record({
      actionId: ID,
      outputId: fc.oneof(ID, fc.constantFrom(...outputs)),
      sizeBytes: fc.nat(MAX_SIZE),
      putTimeMs: fc.nat(MAX_SIZE),
      place: fc.option(place, { nil: undefined }),
      compileMs: fc.option(fc.nat(2 ** 32 - 2), { nil: undefined }),
      executable: fc.option(fc.string().filter(isPlainFileName), { freq: 1, nil: undefined }),
    })
    .map(({ compileMs, executable, ...entry }) => ({
      ...entry,
      sizeBytes: entry.place === undefined ? 0 : entry.sizeBytes,
      ...(compileMs === undefined ? {} : { compileMs }),
      ...(executable === undefined ? {} : { executable }),
    }));
}

/** Entries with different actions; some share their outputs, and their packs. */
export const ENTRIES: fc.Arbitrary<PackedEntry[]> = fc
  .tuple(PACKS, fc.array(ID, { minLength: 1, maxLength: 3 }))
  .chain(([packs, outputs]) =>
    fc.uniqueArray(entryIn(packs, outputs), {
      selector: ({ actionId }) => actionId,
      minLength: 1,
      maxLength: 40,
    }),
  );
