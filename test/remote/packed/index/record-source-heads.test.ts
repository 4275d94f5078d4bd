import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../../../src/lib/async/deadline.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { RecordSource } from "../../../../src/remote/packed/index/record-source.ts";
import { DENIED, hangLists, takeCalls } from "../failing-store.ts";
import { entryOf, scopeOf } from "../stocked-bucket.ts";
import { SourceFixture } from "./source-fixture.ts";

const HELLO = entryOf("");

async function found(source: RecordSource, { actionId }: PackedEntry): Promise<PackedEntry | undefined> {
  return (await source.find(actionId))?.entry;
}

describe("a head in parallel with the first listing", () => {
  const pullRequest = { branch: "pr-1", fallbackBranches: ["main"] };

  test("answers before the listing arrives", async () => {
    using fixture = new SourceFixture();
    const { bucket } = fixture;
    await bucket.record(bucket.keys.head(scopeOf()), "run", [HELLO]);
    hangLists(bucket.store);
    expect(await found(fixture.open(), HELLO)).toEqual(HELLO);
  });

  test("of a fallback branch answers if there is no nearer one", async () => {
    using fixture = new SourceFixture();
    const { bucket } = fixture;
    await bucket.record(bucket.keys.head(scopeOf()), "run", [HELLO]);
    hangLists(bucket.store);
    expect(await found(fixture.open(pullRequest), HELLO)).toEqual(HELLO);
  });

  test.each([
    ["is refused", () => Promise.reject(DENIED)],
    [
      "hangs until the records have arrived",
      (read: Promise<void>) => read.then(() => Promise.reject(new TimeoutError(5_000))),
    ],
  ])("that %s is ignored", async (_, onHead) => {
    using fixture = new SourceFixture();
    const { store, keys } = fixture.bucket;
    await fixture.bucket.run([HELLO]);
    const read = Promise.withResolvers<void>();
    store.onGet = async (key, get) => {
      if (key.includes("/head/")) return await onHead(read.promise);
      const record = await get();
      read.resolve();
      return record;
    };
    const source = fixture.open({ ...pullRequest, branch: "main" });
    expect(await found(source, HELLO)).toEqual(HELLO);
    expect([fixture.troubles, takeCalls(store, `get ${keys.head(scopeOf())}`).length]).toEqual([[], 2]);
  });

  test("of a farther branch may fail after a nearer one has answered", async () => {
    using fixture = new SourceFixture();
    const { bucket } = fixture;
    await bucket.record(bucket.keys.head(scopeOf({ branch: "pr-1" })), "run", [HELLO]);
    const failing = Promise.withResolvers<never>();
    bucket.store.onGet = (key, get) => (key.includes("/main/") ? failing.promise : get());
    hangLists(bucket.store);
    expect(await found(fixture.open(pullRequest), HELLO)).toEqual(HELLO);
    failing.reject(new Error("reset"));
    await new Promise(setImmediate);
  });
});
