import { describe, expect, test } from "bun:test";
import { PrefetchPlan } from "../../../../src/remote/packed/fetch/prefetch-plan.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { NamedSegment } from "../../../../src/remote/packed/format/named-segment.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { byAction, groupOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

/** Entries in one pack, one after the other. */
function inPack(pack: string, ...names: string[]): PackedEntry[] {
  const id = sha256Hex(`pack ${pack}`);
  return names.map((name, n) => ({
    ...entryOf(name),
    place: { pack: { id, sizeBytes: 1_000, prefix: "" }, offset: 10 * n, length: 10 },
  }));
}

const named = (...entries: PackedEntry[]) => groupOf(...entries).segments[0] as NamedSegment;

function rowOf(segment: NamedSegment, entry: PackedEntry | undefined) {
  return { named: segment, row: segment.segment.findAction(entry?.actionId ?? "") ?? -1 };
}

function all(plan: PrefetchPlan): PackedEntry[][] {
  const batches: PackedEntry[][] = [];
  for (let entries = plan.next(); entries !== undefined; entries = plan.next()) batches.push(entries);
  return batches;
}

const A = inPack("a", "a0", "a1", "a2");
const B = inPack("b", "b0", "b1");
const EMPTY = entryOf("");

describe("a plan has nothing", () => {
  test("without segments, or of rows that the run did not use", () => {
    const unused = { ...named(...A), used: RowSet.none(A.length) };
    expect([all(new PrefetchPlan([])), all(new PrefetchPlan([unused]))]).toEqual([[], []]);
  });

  test("of a segment that can't be read", () => {
    const broken = named(...A);
    broken.segment.fetchOrder = () => {
      throw new Error("EIO");
    };
    const plan = new PrefetchPlan([broken, named(...B)]);
    expect([plan.take(rowOf(broken, A[0])), all(plan)]).toEqual([[], [B]]);
  });
});

test("a plan goes by segments, then by packs in the order of first use, and empty outputs come last", () => {
  const plan = new PrefetchPlan([named(...B, EMPTY, ...A), named(...inPack("c", "c0"))]);
  expect(all(plan)).toEqual([B, A, [EMPTY], inPack("c", "c0")]);
});

test("only rows that the run used are planned", () => {
  const segment = named(...A);
  const used = RowSet.none(A.length);
  used.add(rowOf(segment, A[1]).row);
  expect(all(new PrefetchPlan([{ ...segment, used }]))).toEqual([[A[1] as PackedEntry]]);
});

test("the pack of an entry that go waits for is taken at once, and comes only once", () => {
  const [first, second] = [named(...A), named(...inPack("c", "c0"), ...B)];
  const plan = new PrefetchPlan([first, second]);
  expect(plan.take(rowOf(second, B[1]))).toEqual(B);
  expect(plan.take(rowOf(second, B[0]))).toEqual([]);
  // The rest of that segment is next.
  expect(all(plan)).toEqual([inPack("c", "c0"), A]);
});

test("every used entry comes once, however takes and nexts mix", () => {
  const packs = Array.from({ length: 20 }, (_, n) =>
    inPack(`${n}`, ...Array.from({ length: n + 1 }, (_, m) => `${n}-${m}`)),
  );
  const segments = [packs.slice(0, 7), packs.slice(7, 9), packs.slice(9)].map((some) =>
    named(...some.flat()),
  );
  const plan = new PrefetchPlan(segments);
  const got: PackedEntry[] = [];
  for (let n = 0; n < 30; n++) {
    const segment = segments[(7 * n) % 3] as NamedSegment;
    got.push(
      ...plan.take({ named: segment, row: (13 * n) % segment.segment.rows }),
      ...(n % 2 ? (plan.next() ?? []) : []),
    );
  }
  got.push(...all(plan).flat());
  expect(byAction(got)).toEqual(byAction(packs.flat()));
});
