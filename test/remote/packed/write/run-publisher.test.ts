import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import { SegmentFiles } from "../../../../src/remote/packed/index/segment-files.ts";
import type { LoggedSegment, Rewrite } from "../../../../src/remote/packed/write/rewrite-segments.ts";
import { RunLog } from "../../../../src/remote/packed/write/run-log.ts";
import {
  type AddedSegment,
  RunPublisher,
  type RunPublisherOptions,
} from "../../../../src/remote/packed/write/run-publisher.ts";
import { useRows } from "../../../../src/remote/packed/write/run-segments.ts";
import { SegmentUploads } from "../../../../src/remote/packed/write/segment-uploads.ts";
import { Uploads } from "../../../../src/remote/packed/write/uploads.ts";
import type { UsedSegment } from "../../../../src/remote/packed/write/used-rows.ts";
import { countedRunName, endedRunName } from "../../../../src/remote/runs/run-names.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { takeCalls } from "../failing-store.ts";
import { byAction, segmentOf } from "../made-record.ts";
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
  const files = new SegmentFiles(machine.dir.join("segments"), () => true);
  const uploads = new Uploads({ ...machine.health, store: machine.health.guard(bucket.store) });
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
      prefix: bucket.prefix,
      uploads: new Uploads({ ...machine.health, store: machine.health.guard(store) }),
      segments: new SegmentUploads(files, options.uploads ?? uploads),
      neededRows: () => [],
      rewrite: async () => undefined,
      trim: async () => {},
      remove: async (keys) => {
        for (const key of keys) await store.delete(key);
      },
      serverTimeMs: () => SERVER_MS,
      ...options,
    });
  };
  return {
    bucket,
    machine,
    files,
    logOf,
    session,
    runKey: bucket.keys.run(scopeOf(), SERVER_MS, "m1"),
    [Symbol.dispose]: dispose,
  };
}

type Opened = ReturnType<typeof open>;

/** A segment of new entries, each put in this session. */
function added(...entries: PackedEntry[]): AddedSegment[] {
  return [{ ...segmentOf(entries), added: { count: entries.length, bytes: 0 } }];
}

/** These rows of a segment on the local disk that other records name. */
function used({ files, bucket }: Opened, ...entries: PackedEntry[]): UsedSegment[] {
  const { segment, bytes } = segmentOf(entries);
  files.save(segment.id, bytes);
  return [{ segment, prefix: bucket.prefix, isInline: true, used: RowSet.all(segment.rows) }];
}

async function entriesAt({ bucket }: Opened, key: string): Promise<PackedEntry[]> {
  const found = bucket.objects.filter((object) => withoutCount(object) === withoutCount(key));
  expect(found).toHaveLength(1);
  return (await recordAt(bucket, found[0] ?? "")).entries;
}

/** The path of the run log's only file with this suffix. */
function machineFile({ machine }: Opened, end: string): string {
  const names = readdirSync(machine.dir.join("scope")).filter((name) => name.endsWith(end));
  expect(names).toHaveLength(1);
  return machine.dir.join("scope", names[0] ?? "");
}

/** The key of a record as if its name did not say how many entries its run has used. */
const withoutCount = (key: string) => key.replace(/\.\d+(?=(\.ended)?\.json\.zst$)/, "");

const puts = ({ bucket }: Opened) =>
  takeCalls(bucket.store, "put").map((call) => withoutCount(call.slice("put ".length)));

describe("an added entry", () => {
  test("is in an addition, and with the used entries in the run record and the head", async () => {
    using opened = open();
    expect(await opened.session().publish(added(B), used(opened, A))).toBe(true);
    const head = opened.bucket.keys.head(scopeOf());
    const addition = opened.bucket.objects.find((key) => key.includes("/new/")) ?? "";
    expect(new Set(puts(opened))).toEqual(new Set([addition, opened.runKey, head]));
    const { platform, project, branch, job, run } = scopeOf();
    const about = { platform, project, branch, job, run, machine: "m1", host: "runner" };
    expect(await recordAt(opened.bucket, addition)).toMatchObject({ kind: "new", about, entries: [B] });
    const key = countedRunName(opened.runKey, 2);
    const record = { kind: "run", about: { ...about, key }, entries: byAction([A, B]) };
    expect([await recordAt(opened.bucket, key), await recordAt(opened.bucket, head)]).toMatchObject([
      record,
      record,
    ]);
  });

  test("joins the entries of earlier sessions of the run, at the key of the first", async () => {
    using opened = open();
    await opened.session().publish(added(A), []);
    await opened.session({ serverTimeMs: () => SERVER_MS + 5_000 }).publish(added(B), used(opened, A));
    expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
    expect(opened.bucket.objects.filter((key) => key.includes("/run/"))).toEqual([
      countedRunName(opened.runKey, 2),
    ]);
  });

  test("is not lost if two sessions end at once", async () => {
    using opened = open();
    const ended = [A, B, C].map((entry) => opened.session().publish(added(entry), []));
    expect(await Promise.all(ended)).toEqual([true, true, true]);
    expect(new Set(await entriesAt(opened, opened.runKey))).toEqual(new Set([A, B, C]));
  });

  test("of the next run is in a new record without the entries of the last run", async () => {
    using opened = open();
    await opened.session().publish(added(A), []);
    const scope = scopeOf({ run: "2" });
    await opened.session({ scope }).publish(added(B), []);
    const key = opened.bucket.keys.run(scope, SERVER_MS, "m1");
    expect([await entriesAt(opened, key), await entriesAt(opened, opened.runKey)]).toEqual([[B], [A]]);
  });
});

describe("an entry that was only used", () => {
  test("is in no addition, but in the run record", async () => {
    using opened = open();
    await opened.session().publish([], used(opened, A));
    expect(puts(opened)).toEqual([opened.runKey, opened.bucket.keys.head(scopeOf())]);
  });

  test("is not recorded again by the same run", async () => {
    using opened = open();
    await opened.session().publish([], used(opened, A));
    takeCalls(opened.bucket.store);
    await opened.session().publish([], used(opened, A));
    expect(puts(opened)).toEqual([]);
    await opened.session().publish([], [...used(opened, A), ...used(opened, B)]);
    expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
    takeCalls(opened.bucket.store);
    await opened.session().publish([], used(opened, B));
    expect(puts(opened)).toEqual([]);
  });

  test("is recorded by a session that adds nothing, though an earlier one of the run has written a record", async () => {
    using opened = open();
    await opened.session().publish(added(A), []);
    await opened.session().publish([], used(opened, B));
    expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
  });

  test("is recorded again after a day, so that the record does not expire", async () => {
    using opened = open();
    const publish = () => opened.session().publish([], used(opened, A));
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
});

describe("a job's head", () => {
  const head = ({ bucket }: Opened) => recordAt(bucket, bucket.keys.head(scopeOf()));

  test("follows a run that grows by a tenth at least", async () => {
    using opened = open();
    const [first, next, last] = Array.from({ length: 21 }, (_, n) => ({
      ...A,
      actionId: entryOf(`entry ${n}`).actionId,
    })).reduce<PackedEntry[][]>(
      (parts, entry, n) => {
        parts[n < 19 ? 0 : n - 18]?.push(entry);
        return parts;
      },
      [[], [], []],
    ) as [PackedEntry[], PackedEntry[], PackedEntry[]];
    await opened.session().publish(added(...first), []);
    await opened.session().publish(added(...next), []);
    expect((await head(opened)).entries).toEqual(byAction(first));
    await opened.session().publish(added(...last), []);
    expect((await head(opened)).entries).toEqual(byAction([...first, ...next, ...last]));
  });

  test("is the record of a run that has ended", async () => {
    using opened = open();
    const session = opened.session();
    await session.publish(added(A), []);
    await session.end();
    expect((await head(opened)).about.key).toBe(endedRunName(countedRunName(opened.runKey, 1)));
  });
});

test("the name of a run's record says how many entries the run has used, and follows them", async () => {
  using opened = open();
  const records = () => opened.bucket.objects.filter((key) => key.includes("/run/"));
  await opened.session().publish(added(A), []);
  expect(records()).toEqual([countedRunName(opened.runKey, 1)]);
  await opened.session().publish(added(B, C), []);
  expect(records()).toEqual([countedRunName(opened.runKey, 3)]);
  expect(await recordAt(opened.bucket, records()[0] ?? "")).toMatchObject({
    about: { key: countedRunName(opened.runKey, 3) },
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
      expect(await opened.session().publish(added(A), [])).toBe(false);
      opened.bucket.store.onPut = onPut;
      expect(await opened.session().publish([], used(opened, B))).toBe(true);
      expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
    },
  );

  test("/head/ does not fail the publishing", async () => {
    using opened = open();
    refuse(opened, "/head/");
    expect(await opened.session().publish(added(A), [])).toBe(true);
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
    expect(await first.publish([], used(opened, A))).toBe(true);
    expect(await first.publish([], [...used(opened, A), ...used(opened, B)])).toBe(true);
    expect(await second.publish([], used(opened, C))).toBe(true);
    const keys = opened.bucket.objects.filter((key) => key.includes("/run/"));
    expect(await Promise.all(keys.map((key) => entriesAt(opened, key)))).toEqual([[C], byAction([A, B])]);
  });

  test("with the lock of a dead helper does not block the next session", async () => {
    using opened = open();
    await opened.session().publish(added(A), []);
    const lock = opened.machine.dir.join("scope", "run.lock");
    writeFileSync(lock, "");
    age(lock, 60_000);
    await opened.session().publish(added(B), []);
    expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
  });

  test("with an invalid log gets a new one", async () => {
    using opened = open();
    await opened.session().publish(added(A), []);
    writeFileSync(machineFile(opened, ".json.zst"), "hello");
    await opened.session({ serverTimeMs: () => SERVER_MS + 1 }).publish(added(B), []);
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
      while (key.includes("/run/") && opened.logOf().load()?.segments.length !== entries.length)
        await Bun.sleep(1);
      return await put();
    };
    const ended = entries.map((entry) => opened.session().publish(added(entry), []));
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
        expect(await opened.session().publish(added(B), [])).toBe(true);
        expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
      }
      return await put();
    };
    expect(await opened.session().publish(added(A), [])).toBe(true);
    expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([A, B]));
  });

  test("have published nothing if their uploads are abandoned while they wait for the lock", async () => {
    using opened = open();
    const { store } = opened.bucket;
    const { health } = opened.machine;
    const uploads = new Uploads({ ...health, store: health.guard(store) });
    await using _uploading = await opened.logOf().lockUpload();
    const published = opened.session({ uploads }).publish(added(A), []);
    while (opened.logOf().load() === undefined) await Bun.sleep(1);
    uploads.abandon();
    expect(await published).toBe(false);
  });
});

test("segments are written anew before a record is uploaded, and what others use meanwhile stays", async () => {
  using opened = open();
  const rewrite = async ([first]: LoggedSegment[]): Promise<Rewrite | undefined> => {
    if (first === undefined) return undefined;
    await opened.logOf().update((now) => {
      return now && { ...now, segments: useRows(now.segments, used(opened, C)) };
    });
    const replaced = new Map([[first.ref.id, RowSet.all(first.ref.rows)]]);
    return { created: [segmentOf([{ ...A, putTimeMs: 1 }])], used: new Set([A.actionId]), replaced };
  };
  await opened.session({ rewrite }).publish(added(A), []);
  expect(await entriesAt(opened, opened.runKey)).toEqual(byAction([{ ...A, putTimeMs: 1 }, C]));
});

describe("a run that has ended", () => {
  test("says so in the name of its record, which replaces the other one", async () => {
    using opened = open();
    const removed: string[] = [];
    const remove = async (keys: readonly string[]) => void removed.push(...keys);
    const session = opened.session({ remove });
    await session.publish(added(A), []);
    await session.end();
    const ended = endedRunName(opened.runKey);
    expect([removed, await entriesAt(opened, ended)]).toEqual([[countedRunName(opened.runKey, 1)], [A]]);
    await session.end();
    await opened.session().publish(added(B), []);
    expect(await entriesAt(opened, ended)).toEqual(byAction([A, B]));
  });

  test("keeps its record if the bucket refuses the new one, or if nothing was recorded", async () => {
    using opened = open();
    const remove = async () => expect.unreachable();
    await opened.session({ remove }).end();
    await opened.session().publish(added(A), []);
    opened.bucket.store.onPut = () => Promise.reject(new Error("503"));
    await opened.session({ remove }).end();
    expect(await entriesAt(opened, opened.runKey)).toEqual([A]);
  });
});

test("older records are trimmed once, after the first of the run, and when that is asked for", async () => {
  using opened = open();
  const trimmed: string[] = [];
  const trim = async (key: string) => {
    trimmed.push(key);
    throw new Error("503");
  };
  for (const entry of [A, B]) {
    const session = opened.session({ trim });
    await session.publish(added(entry), []);
    expect(trimmed.length).toBe(entry === A ? 0 : 1);
    for (let call = 0; call < 2; call++) await session.trim();
  }
  expect(trimmed).toEqual([countedRunName(opened.runKey, 1)]);
});
