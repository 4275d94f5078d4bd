import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { RunRecord } from "../../../../src/remote/packed/format/run-record.ts";
import { RunLog } from "../../../../src/remote/packed/write/run-log.ts";
import { RunPublisher, type RunPublisherOptions } from "../../../../src/remote/packed/write/run-publisher.ts";
import { Uploads } from "../../../../src/remote/packed/write/uploads.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { takeCalls } from "../failing-store.ts";
import { Machine, recordAt } from "../packed-fixture.ts";
import { DAY_MS, entryOf, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const [A, B, C] = ["a", "b", "c"].map((text) => ({ ...entryOf(""), actionId: entryOf(text).actionId })) as [
  PackedEntry,
  PackedEntry,
  PackedEntry,
];
const SERVER_MS = 1_767_225_600_000;

function open() {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  const logOf = (scope = scopeOf()) => new RunLog(machine.dir.join("scope"), scope.run);
  /** A publisher for a session of this machine. */
  const session = (options: Partial<RunPublisherOptions> = {}) => {
    const { scope = scopeOf() } = options;
    const { store, keys } = bucket;
    return new RunPublisher({
      keys,
      scope,
      machine: "m1",
      host: "runner",
      log: logOf(scope),
      uploads: new Uploads({ ...machine.health, store: machine.health.guard(store) }),
      ownEntries: () => [],
      ownRecordMs: () => 0,
      isTrusted: () => true,
      repack: async (entries) => entries,
      serverTimeMs: () => SERVER_MS,
      ...options,
    });
  };
  return {
    bucket,
    machine,
    logOf,
    session,
    runKey: bucket.keys.run(scopeOf(), SERVER_MS, "m1"),
    [Symbol.dispose]: dispose,
  };
}

type Opened = ReturnType<typeof open>;

async function entriesAt({ bucket }: Opened, key: string): Promise<PackedEntry[]> {
  return (await recordAt(bucket, key)).entries;
}

/** The path of the run log's only file with this suffix. */
function machineFile({ machine }: Opened, end: string): string {
  const names = readdirSync(machine.dir.join("scope")).filter((name) => name.endsWith(end));
  expect(names).toHaveLength(1);
  return machine.dir.join("scope", names[0] ?? "");
}

const puts = ({ bucket }: Opened) => takeCalls(bucket.store, "put").map((call) => call.slice("put ".length));

describe("an added entry", () => {
  test("is in an addition, and with the used entries in the run record and the head", async () => {
    using opened = open();
    expect(await opened.session().publish([A, B], [B])).toBe(true);
    const head = opened.bucket.keys.head(scopeOf());
    const addition = opened.bucket.objects.find((key) => key.includes("/new/")) ?? "";
    expect(new Set(puts(opened))).toEqual(new Set([addition, opened.runKey, head]));
    const { platform, project, branch, job, run } = scopeOf();
    const about = { platform, project, branch, job, run, machine: "m1", host: "runner" };
    expect(await recordAt(opened.bucket, addition)).toEqual({ kind: "new", about, entries: [B] });
    const record: RunRecord = { kind: "run", about: { ...about, key: opened.runKey }, entries: [A, B] };
    expect([await recordAt(opened.bucket, opened.runKey), await recordAt(opened.bucket, head)]).toEqual([
      record,
      record,
    ]);
  });

  test("joins the entries of earlier sessions of the run, at the key of the first", async () => {
    using opened = open();
    await opened.session().publish([A], [A]);
    await opened.session({ serverTimeMs: () => SERVER_MS + 5_000 }).publish([B, A], [B]);
    expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
    expect(opened.bucket.objects.filter((key) => key.includes("/run/"))).toEqual([opened.runKey]);
  });

  test("is not lost if two sessions end at once", async () => {
    using opened = open();
    const ended = [A, B, C].map((entry) => opened.session().publish([entry], [entry]));
    expect(await Promise.all(ended)).toEqual([true, true, true]);
    expect(new Set(await entriesAt(opened, opened.runKey))).toEqual(new Set([A, B, C]));
  });

  test("of the next run is in a new record without the entries of the last run", async () => {
    using opened = open();
    await opened.session().publish([A], [A]);
    const scope = scopeOf({ run: "2" });
    await opened.session({ scope }).publish([B], [B]);
    const key = opened.bucket.keys.run(scope, SERVER_MS, "m1");
    expect([await entriesAt(opened, key), await entriesAt(opened, opened.runKey)]).toEqual([[B], [A]]);
  });
});

describe("an entry that was only used", () => {
  test("is in no addition, but in the run record", async () => {
    using opened = open();
    await opened.session().publish([A], []);
    expect(puts(opened)).toEqual([opened.runKey, opened.bucket.keys.head(scopeOf())]);
  });

  test("is not recorded again if the scope's records contain it, from this or another machine", async () => {
    using opened = open();
    const ownRecordMs = () => Date.now();
    await opened.session({ ownEntries: () => [A], ownRecordMs }).publish([A], []);
    await opened.session({ ownEntries: () => [A], ownRecordMs }).publish([A], []);
    expect(puts(opened)).toEqual([]);
    await opened.session({ ownEntries: () => [A], ownRecordMs }).publish([A, B], []);
    expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
    takeCalls(opened.bucket.store);
    await opened.session().publish([B], []);
    expect(puts(opened)).toEqual([]);
  });

  test("is recorded again after a day, so that the record does not expire", async () => {
    using opened = open();
    const publish = () =>
      opened
        .session({ ownEntries: () => [A], ownRecordMs: () => Date.now() - DAY_MS - 1000 })
        .publish([A], []);
    await publish();
    expect(puts(opened)).toHaveLength(2);
    await publish();
    expect(puts(opened)).toEqual([]);
    const stored = machineFile(opened, ".stored.json");
    const { ms: _, ...rest } = JSON.parse(readFileSync(stored, "utf8"));
    writeFileSync(stored, JSON.stringify({ ...rest, ms: Date.now() - DAY_MS - 1000 }));
    await publish();
    expect(puts(opened)).toHaveLength(2);
  });

  test("is recorded again with a new place", async () => {
    using opened = open();
    const place = { pack: { id: "0a".repeat(32), sizeBytes: 9, prefix: "" }, offset: 0, length: 9 };
    const moved = { ...A, sizeBytes: 5, place: { ...place, pack: { ...place.pack, id: "0b".repeat(32) } } };
    const ownEntries = () => [{ ...A, sizeBytes: 5, place }];
    await opened.session({ ownEntries, ownRecordMs: () => Date.now() }).publish([moved], []);
    expect(await entriesAt(opened, opened.runKey)).toEqual([moved]);
  });
});

describe("a bucket that refuses", () => {
  const refuse = ({ bucket }: Opened, part: string) => {
    bucket.store.onPut = (key, put) => (key.includes(part) ? Promise.reject(new Error("503")) : put());
  };

  test.each(["/new/", "/run/"])(
    "%s fails the publishing, and the next session publishes everything",
    async (part) => {
      using opened = open();
      const { onPut } = opened.bucket.store;
      refuse(opened, part);
      expect(await opened.session().publish([A], [A])).toBe(false);
      opened.bucket.store.onPut = onPut;
      expect(await opened.session().publish([B], [])).toBe(true);
      expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
    },
  );

  test("/head/ does not fail the publishing", async () => {
    using opened = open();
    refuse(opened, "/head/");
    expect(await opened.session().publish([A], [A])).toBe(true);
    expect(await entriesAt(opened, opened.runKey)).toEqual([A]);
  });
});

describe("this machine's disk", () => {
  test("without a log costs one record per session", async () => {
    using opened = open();
    writeFileSync(opened.machine.dir.join("file"), "");
    const log = new RunLog(opened.machine.dir.join("file", "scope"), scopeOf().run);
    let clockMs = SERVER_MS;
    const session = () => opened.session({ log, serverTimeMs: () => clockMs++ });
    const [first, second] = [session(), session()];
    expect(await first.publish([A], [])).toBe(true);
    expect(await first.publish([A, B], [])).toBe(true);
    expect(await second.publish([C], [])).toBe(true);
    const keys = opened.bucket.objects.filter((key) => key.includes("/run/"));
    expect(await Promise.all(keys.map((key) => entriesAt(opened, key)))).toEqual([[C], [A, B]]);
  });

  test("with the lock of a dead helper does not block the next session", async () => {
    using opened = open();
    await opened.session().publish([A], [A]);
    const lock = opened.machine.dir.join("scope", "run.lock");
    writeFileSync(lock, "");
    age(lock, 60_000);
    await opened.session().publish([B], [B]);
    expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
  });

  test("with an invalid log gets a new one", async () => {
    using opened = open();
    await opened.session().publish([A], [A]);
    writeFileSync(machineFile(opened, ".json.zst"), "hello");
    await opened.session({ serverTimeMs: () => SERVER_MS + 1 }).publish([B], [B]);
    const keys = opened.bucket.objects.filter((key) => key.includes("/run/"));
    expect(await Promise.all(keys.map((key) => entriesAt(opened, key)))).toEqual([[B], [A]]);
  });
});

describe("concurrent sessions of one run", () => {
  test("upload the entries of all of them, and lose none", async () => {
    using opened = open();
    const entries = Array.from({ length: 10 }, (_, n) => ({ ...A, actionId: entryOf(`${n}`).actionId }));
    let uploads = 0;
    opened.bucket.store.onPut = async (key, put) => {
      if (key.includes("/run/")) uploads++;
      // The first upload ends only after all sessions have ended.
      while (key.includes("/run/") && opened.logOf().load()?.entries.length !== entries.length)
        await Bun.sleep(1);
      return await put();
    };
    const ended = entries.map((entry) => opened.session().publish([entry], [entry]));
    expect(await Promise.all(ended)).toEqual(Array(entries.length).fill(true));
    expect(new Set(await entriesAt(opened, opened.runKey))).toEqual(new Set(entries));
    expect(uploads).toBeLessThanOrEqual(2);
  });

  test("upload the newest version again if an older one arrives late", async () => {
    using opened = open();
    let isFirst = true;
    opened.bucket.store.onPut = async (key, put) => {
      if (isFirst && key.includes("/run/")) {
        isFirst = false;
        // Suspended during its upload: another session takes the lock over.
        age(machineFile(opened, ".upload"), 60_000);
        expect(await opened.session().publish([B], [B])).toBe(true);
        expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
      }
      return await put();
    };
    expect(await opened.session().publish([A], [A])).toBe(true);
    expect(await entriesAt(opened, opened.runKey)).toEqual([A, B]);
  });

  test("have published nothing if their uploads are abandoned while they wait for the lock", async () => {
    using opened = open();
    const { store } = opened.bucket;
    const { health } = opened.machine;
    const uploads = new Uploads({ ...health, store: health.guard(store) });
    await using _uploading = await opened.logOf().lockUpload();
    const published = opened.session({ uploads }).publish([A], [A]);
    while (opened.logOf().load() === undefined) await Bun.sleep(1);
    uploads.abandon();
    expect(await published).toBe(false);
  });
});

test("scattered entries are repacked only before a record is uploaded", async () => {
  using opened = open();
  const repacked: PackedEntry[][] = [];
  const repack = async (entries: PackedEntry[]) => {
    repacked.push(entries);
    return entries.map((entry) => ({ ...entry, putTimeMs: 1 }));
  };
  await opened.session({ repack }).publish([A], [A]);
  await opened.session({ repack }).publish([A], []);
  expect([repacked, await entriesAt(opened, opened.runKey)]).toEqual([[[A]], [{ ...A, putTimeMs: 1 }]]);
});
