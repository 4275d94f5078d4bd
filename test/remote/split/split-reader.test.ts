import { describe, expect, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { ACTION, EMPTY, fixturePath, HELLO, putOutput } from "../../buildcache/local-fixture.ts";
import { objectOf } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { ACTION_KEY, fill, HELLO_KEY, HELLO_RECORD, openSplit, PUT_MS } from "./split-fixture.ts";

const OTHER_ACTION = "01".repeat(32);
const HELLO_ENTRY = { actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: PUT_MS };

test("fetches an action's output to the local disk", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  const output = fixture.local.findOutput(HELLO);
  expect(readFileSync(output?.path ?? "", "utf8")).toBe("hello");
  expect(fixture.store.calls).toEqual([`get ${ACTION_KEY}`, `get ${HELLO_KEY}`]);
});

test("reads a bucket written by tailscale/go-cache-plugin", async () => {
  using fixture = openSplit();
  cpSync(fixturePath("seed-bucket"), fixture.dir.join("bucket"), { recursive: true });
  const emptyAction = "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d";
  expect([await fixture.reader.get(ACTION), await fixture.reader.get(emptyAction)]).toEqual([
    HELLO_ENTRY,
    { actionId: emptyAction, outputId: EMPTY, sizeBytes: 0, putTimeMs: PUT_MS },
  ]);
});

test("reads below a prefix", async () => {
  using fixture = openSplit({ prefix: "/ci//main/" });
  fixture.store.onGet = async (key) => objectOf(key.includes("action") ? HELLO_RECORD : "hello");
  expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  expect(fixture.store.calls).toEqual([`get /ci/main/${ACTION_KEY}`, `get /ci/main/${HELLO_KEY}`]);
});

describe("further prefixes", () => {
  const place = { prefix: "pr", readPrefixes: ["main", "old"] };

  test("are read as well, and the output comes from the record's prefix", async () => {
    using fixture = openSplit(place);
    await fill(fixture.store, { [`main/${ACTION_KEY}`]: HELLO_RECORD, [`main/${HELLO_KEY}`]: "hello" });
    expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
    expect(fixture.store.calls.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      `get main/${ACTION_KEY}`,
      `get main/${HELLO_KEY}`,
      `get old/${ACTION_KEY}`,
      `get pr/${ACTION_KEY}`,
    ]);
  });

  test("come after the own one", async () => {
    using fixture = openSplit(place);
    await fill(fixture.store, {
      [`pr/${ACTION_KEY}`]: HELLO_RECORD,
      [`pr/${HELLO_KEY}`]: "hello",
      [`main/${ACTION_KEY}`]: `${EMPTY} ${PUT_MS}000000`,
    });
    expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  });

  test("help if a record's output is missing or one prefix fails", async () => {
    using fixture = openSplit(place);
    fixture.store.onGet = async (key) => {
      if (key.startsWith("main/")) throw new Error("500");
      if (key === `pr/${HELLO_KEY}`) return undefined;
      return objectOf(key.includes("action") ? HELLO_RECORD : "hello");
    };
    expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  });

  test("wrong bytes there are not replaced below the own prefix", async () => {
    using fixture = openSplit(place);
    await fill(fixture.store, { [`main/${ACTION_KEY}`]: HELLO_RECORD, [`main/${HELLO_KEY}`]: "jello" });
    expect(await fixture.reader.get(ACTION)).toBeUndefined();
    expect(fixture.wrong).toEqual([]);
  });
});

test("an absent action is a miss with one request", async () => {
  using fixture = openSplit();
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.store.calls).toEqual([`get ${ACTION_KEY}`]);
});

test("an action without its output is a miss", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD });
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({});
});

test.each([
  "",
  "x",
  HELLO,
  `${HELLO_RECORD} 3`,
  `${HELLO.toUpperCase()} 1`,
  `../../../../etc/passwd 1`,
  `${HELLO_RECORD}${" ".repeat(1_000)}x`,
  "x".repeat(1_000_000),
])("a bad record (%#) is a miss", async (record) => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: record, [HELLO_KEY]: "hello" });
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({ get_remote_bad_record: 1 });
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([]);
});

test.each(["hellO", "hell", "hello!", ""])("wrong bytes never become visible: %j", async (bytes) => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: bytes });
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect([fixture.wrong, filesBelow(fixture.dir.join("cache"))]).toEqual([[HELLO], []]);
});

test("an empty output needs no request", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: `${EMPTY} ${PUT_MS}000000` });
  const entry = { actionId: ACTION, outputId: EMPTY, sizeBytes: 0, putTimeMs: PUT_MS };
  expect(await fixture.reader.get(ACTION)).toEqual(entry);
  expect(fixture.store.calls).toEqual([`get ${ACTION_KEY}`]);
  expect(fixture.local.findOutput(EMPTY)).toMatchObject({ sizeBytes: 0 });
});

test("a local output needs no request", async () => {
  using fixture = openSplit();
  putOutput(fixture.local, HELLO, "hello");
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD });
  expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  expect(fixture.store.calls).toEqual([`get ${ACTION_KEY}`]);
});

test("a local output with wrong bytes is replaced", async () => {
  using fixture = openSplit();
  const path = putOutput(fixture.local, HELLO, "wrong");
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
  expect(readFileSync(path, "utf8")).toBe("hello");
});

test("concurrent gets of one output download it once", async () => {
  using fixture = openSplit();
  await fill(fixture.store, {
    [ACTION_KEY]: HELLO_RECORD,
    [`action/01/${OTHER_ACTION}`]: HELLO_RECORD,
    [HELLO_KEY]: "hello",
  });
  const gate = Promise.withResolvers<void>();
  let arrived = 0;
  fixture.store.onGet = async (key, get) => {
    // Both actions are known before the output arrives.
    if (key.startsWith("action") && ++arrived === 2) gate.resolve();
    if (key.startsWith("output")) await gate.promise;
    return await get();
  };
  const entries = await Promise.all([fixture.reader.get(ACTION), fixture.reader.get(OTHER_ACTION)]);
  expect(entries).toEqual([HELLO_ENTRY, { ...HELLO_ENTRY, actionId: OTHER_ACTION }]);
  expect(fixture.store.calls.filter((call) => call === `get ${HELLO_KEY}`)).toHaveLength(1);
});

test("a failed download fails for all its waiters, and the next get retries it", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  let failures = 0;
  fixture.store.onGet = async (key, get) => {
    if (key === HELLO_KEY && failures++ === 0) throw new Error("500");
    return await get();
  };
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  expect(await fixture.reader.get(ACTION)).toEqual(HELLO_ENTRY);
});
