import { expect, test } from "bun:test";
import fc from "fast-check";
import { EntryQueue, type QueuedEntry } from "../../../../src/remote/packed/write/entry-queue.ts";

const ID = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const ENTRY: fc.Arbitrary<QueuedEntry> = fc.record(
  {
    actionId: ID,
    outputId: ID,
    sizeBytes: fc.nat({ max: 2 ** 47 }),
    putTimeMs: fc.nat({ max: 2 ** 47 }),
    executable: fc.string({ minLength: 1 }),
    isNew: fc.boolean(),
  },
  { requiredKeys: ["actionId", "outputId", "sizeBytes", "putTimeMs", "isNew"] },
);

test("entries come out as they went in, the first one first", () => {
  fc.assert(
    fc.property(fc.array(fc.option(ENTRY, { nil: undefined })), (steps) => {
      const queue = new EntryQueue();
      const expected: QueuedEntry[] = [];
      for (const entry of steps) {
        if (entry === undefined) expect(queue.shift()).toEqual(expected.shift() as QueuedEntry);
        else {
          expected.push(entry);
          queue.push(entry);
        }
        expect(queue.size).toBe(expected.length);
      }
    }),
  );
});

test("many thousands pass, also when it was empty in between", () => {
  const queue = new EntryQueue();
  const entry = (n: number): QueuedEntry => {
    const id = n.toString(16).padStart(64, "0");
    return { actionId: id, outputId: id, sizeBytes: n, putTimeMs: n + 0.5, isNew: n % 2 === 0 };
  };
  for (const count of [1_024, 5_000, 1, 2_048]) {
    for (let n = 0; n < count; n++) queue.push(entry(n));
    for (let n = 0; n < count; n++) expect(queue.shift()).toEqual({ ...entry(n), putTimeMs: n });
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  }
});
