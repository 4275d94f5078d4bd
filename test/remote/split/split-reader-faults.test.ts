/** If the bucket fails, a lookup is a miss in time and leaves no files. */
import { expect, test } from "bun:test";
import { ACTION, HELLO } from "../../buildcache/local-fixture.ts";
import { objectOf, untilAborted } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { testOnPosix } from "../../support/platform.ts";
import { ACTION_KEY, fill, HELLO_KEY, HELLO_RECORD, openSplit } from "./split-fixture.ts";

test.each(["action", "output"])("an %s that fails is a miss, three in a row end the asking", async (kind) => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  fixture.store.onGet = async (key, get) => {
    if (key.startsWith(kind)) throw new Error("503");
    return await get();
  };
  for (let n = 0; n < 5; n++) expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.store.calls.filter((call) => call === `get ${ACTION_KEY}`)).toHaveLength(3);
});

test.each(["action", "output"])("an %s that does not come is a miss, once", async (kind) => {
  using fixture = openSplit({ timeoutMs: 5 });
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  fixture.store.onGet = (key, get, signal) => (key.startsWith(kind) ? untilAborted(signal) : get());
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({
    get_remote_error: 1,
    get_remote_skipped: 1,
    left_alone_unanswered: 1,
  });
});

test("a record with a body that hangs is a miss", async () => {
  using fixture = openSplit({ timeoutMs: 5 });
  fixture.store.onGet = async (_, __, signal) => objectOf(HELLO.slice(0, 9), { hangUntil: signal });
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({ get_remote_error: 1 });
});

test("the end of the session aborts a download, which leaves no file", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD });
  const requested = Promise.withResolvers<void>();
  fixture.store.onGet = async (key, get, signal) => {
    if (!key.startsWith("output")) return await get();
    requested.resolve();
    return objectOf("hel", { hangUntil: signal });
  };
  const entry = fixture.reader.get(ACTION);
  await requested.promise;
  await fixture.gate.abort();
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([]);
  expect([await entry, fixture.lines]).toEqual([undefined, []]);
});

testOnPosix("local disk errors do not disable the bucket", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  Bun.spawnSync(["mkdir", "-p", fixture.dir.join("cache", "output", "2c")]);
  Bun.spawnSync(["ln", "-s", HELLO, fixture.dir.join("cache", "output", "2c", HELLO)]);
  expect(await fixture.reader.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
});
