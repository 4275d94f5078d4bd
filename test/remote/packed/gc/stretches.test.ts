/** Collections that are stopped or killed, and those that others disturb. */
import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { NewSegment } from "../../../../src/remote/packed/format/segment-builder.ts";
import { readGcStatus } from "../../../../src/remote/packed/gc/lease.ts";
import { DAY_MS, HOUR_MS } from "../stocked-bucket.ts";
import { PREFIX, World } from "./world.ts";

const JOBS = 30;

/** With a limit, a collection goes on where the last one stopped. */
const PATIENT = { limitMs: DAY_MS };

interface Stock {
  live: PackedEntry[];
  liveSegments: NewSegment[];
  dead: PackedEntry[];
  deadSegments: NewSegment[];
}

/** Jobs with a record each, which names a segment object and an inline one; and as much that nothing names. */
async function stock(world: World): Promise<Stock> {
  const all: Stock = { live: [], liveSegments: [], dead: [], deadSegments: [] };
  for (let job = 0; job < JOBS; job++) {
    const inline = await world.pack([`inline ${job}`], 9 * DAY_MS);
    const entries = await world.pack([`live ${job}`], 9 * DAY_MS);
    const segment = await world.segment(entries, { ageMs: 9 * DAY_MS });
    await world.run({ entries: inline, segments: [segment] }, { job: String(job), ageMs: HOUR_MS });
    const dead = await world.pack([`dead ${job}`], 9 * DAY_MS);
    all.live.push(...inline, ...entries);
    all.liveSegments.push(segment);
    all.dead.push(...dead);
    all.deadSegments.push(await world.segment(dead, { ageMs: 9 * DAY_MS }));
  }
  return all;
}

function expectAllLive(world: World, { live, liveSegments }: Stock): void {
  expect(live.filter((entry) => !world.hasPack(entry))).toEqual([]);
  expect(liveSegments.filter((segment) => !world.hasSegment(segment))).toEqual([]);
}

function expectDeadGone(world: World, { dead, deadSegments }: Stock): void {
  expect(dead.filter((entry) => world.hasPack(entry))).toEqual([]);
  expect(deadSegments.filter((segment) => world.hasSegment(segment))).toEqual([]);
}

/** Lets the store fail after that many requests, for good. */
function killAfter(world: World, requests: number): void {
  let left = requests;
  world.store.onRequest = () => {
    if (left-- <= 0) throw new Error("killed");
  };
}

describe("a collection that is killed after every", () => {
  test.each([24, 30, 41, 67, 100])("%d requests comes to its end, and loses nothing", async (requests) => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    world.nowMs += 3 * DAY_MS;
    // Nothing that was learned is left, so that all has to be read again.
    for (const key of world.store.keys(`${PREFIX}/packed/v1/gc/marks/`)) await world.store.delete(key);
    let isFinished = false;
    let rounds = 0;
    for (; !isFinished && rounds < 60; rounds++) {
      killAfter(world, requests);
      isFinished = await world.collect(PATIENT).then(
        (report) => report.isFinished,
        () => false,
      );
      expectAllLive(world, all);
    }
    expect(isFinished).toBe(true);
    expect(rounds).toBeGreaterThan(1);
    expectDeadGone(world, all);
  });
});

test("a collection that is killed at a random request each time comes to its end", async () => {
  const world = new World();
  const all = await stock(world);
  await world.collect();
  world.nowMs += 3 * DAY_MS;
  for (const key of world.store.keys(`${PREFIX}/packed/v1/gc/marks/`)) await world.store.delete(key);
  let isFinished = false;
  for (let seed = 1; !isFinished && seed < 300; seed++) {
    killAfter(world, (seed * 7_919) % 60);
    isFinished = await world.collect(PATIENT).then(
      (report) => report.isFinished,
      () => false,
    );
    expectAllLive(world, all);
  }
  expect(isFinished).toBe(true);
  expectDeadGone(world, all);
});

describe("a collection with a limit", () => {
  /** Each request takes 10 s; returns the reports of the stretches. */
  async function inStretches(world: World) {
    const options = { elapsedMs: () => world.nowMs, limitMs: 60_000 };
    world.store.onRequest = (operation) => {
      world.nowMs += operation === "delete" ? 0 : 10_000;
    };
    const reports = [await world.collect(options)];
    while (reports.at(-1)?.isFinished === false && reports.length < 100)
      reports.push(await world.collect(options));
    world.store.onRequest = () => {};
    return reports;
  }

  test("goes on where the last stretch stopped, and says when it has finished", async () => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    world.nowMs += 3 * DAY_MS;
    for (const key of world.store.keys(`${PREFIX}/packed/v1/gc/marks/`)) await world.store.delete(key);
    const reports = await inStretches(world);
    expect(reports.at(-1)?.isFinished).toBe(true);
    expect(reports.length).toBeGreaterThan(3);
    expect(await readGcStatus({ store: world.store, prefix: PREFIX })).toMatchObject({ isUnfinished: false });
    expectAllLive(world, all);
    expectDeadGone(world, all);
  });

  test("is unfinished at its limit", async () => {
    const world = new World();
    await stock(world);
    world.store.onRequest = () => {
      world.nowMs += 10_000;
    };
    const report = await world.collect({ elapsedMs: () => world.nowMs, limitMs: 60_000 });
    world.store.onRequest = () => {};
    expect(report).toMatchObject({ isFinished: false, packs: undefined, segments: undefined });
    expect(await readGcStatus({ store: world.store, prefix: PREFIX })).toMatchObject({ isUnfinished: true });
  });

  test("reads no record twice", async () => {
    const world = new World();
    await stock(world);
    const read: string[] = [];
    const options = { elapsedMs: () => world.nowMs, limitMs: 60_000 };
    for (let isFinished = false; !isFinished; ) {
      world.store.onRequest = (operation, key) => {
        world.nowMs += 10_000;
        if (operation === "get" && !key.includes("/gc/")) read.push(key);
      };
      isFinished = (await world.collect(options)).isFinished;
    }
    expect([read.length, new Set(read).size]).toEqual([2 * JOBS, 2 * JOBS]);
  });

  test("finishes in a busy bucket, in which each stretch finds new records", async () => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    world.nowMs += 3 * DAY_MS;
    const options = { elapsedMs: () => world.nowMs, limitMs: 1 };
    const record = await world.run({ entries: await world.pack(["busy"]) });
    const bytes = world.store.bytesAt(record) as Uint8Array;
    let written = 0;
    let isFinished = false;
    for (let stretch = 0; !isFinished && stretch < 20; stretch++) {
      world.store.onRequest = (operation, key) => {
        world.nowMs += 1_000;
        if (operation !== "list" || !key.endsWith("/mod/")) return;
        for (let i = 0; i < 20; i++)
          void world.store.put(record.replace("/test/", `/busy${written++}/`), bytes);
      };
      isFinished = (await world.collect(options)).isFinished;
      world.store.onRequest = () => {};
    }
    expect(isFinished).toBe(true);
    expectAllLive(world, all);
    expectDeadGone(world, all);
  });
});

describe("a collection reads", () => {
  test("no record and no segment when nothing has changed", async () => {
    const world = new World();
    await stock(world);
    expect((await world.readBy(() => world.collect())).length).toBe(2 * JOBS);
    expect(await world.readBy(() => world.collect())).toEqual([]);
  });

  test("only what is new since the last one", async () => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    const known = all.liveSegments[0] as NewSegment;
    const fresh = await world.segment(await world.pack(["fresh"]));
    const record = await world.run({ segments: [known, fresh] }, { job: "fresh" });
    const read = await world.readBy(() => world.collect());
    expect(read).toEqual([record, world.keys.segment(fresh.segment.id)]);
  });

  test("everything again when what it knew is damaged or gone", async () => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    const marks = world.store.keys(`${PREFIX}/packed/v1/gc/marks/`);
    expect(marks.length).toBeGreaterThan(1);
    for (const key of marks) {
      const bytes = world.store.bytesAt(key) ?? new Uint8Array();
      const damaged = Uint8Array.from(bytes);
      damaged[damaged.length >> 1] = 255 - (damaged[damaged.length >> 1] ?? 0);
      await world.store.put(key, damaged);
    }
    expect((await world.readBy(() => world.collectTwice())).length).toBe(2 * JOBS);
    expectAllLive(world, all);
    expectDeadGone(world, all);
  });

  test("records again whose inline segments it has forgotten", async () => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    // Any part may be lost, such as that with the segments of records in another.
    for (const key of world.store.keys(`${PREFIX}/packed/v1/gc/marks/`)) {
      const bytes = world.store.bytesAt(key);
      // It was joined with others.
      if (bytes === undefined) continue;
      await world.store.delete(key);
      await world.collectTwice();
      expectAllLive(world, all);
      await world.put(key, bytes);
    }
  });

  test("no part of what it knew for ever: parts are joined", async () => {
    const world = new World();
    for (let day = 0; day < 40; day++) {
      await world.run(
        { entries: await world.pack([`day ${day}`]) },
        { job: String(day % 3), hasEnded: true },
      );
      await world.collect();
      world.nowMs += DAY_MS;
    }
    expect(world.store.keys(`${PREFIX}/packed/v1/gc/marks/`).length).toBeLessThan(12);
    expect(await world.readBy(() => world.collect())).toEqual([]);
  });
});

describe("what nothing names", () => {
  test.each([23.9, 24])("for %d hours stays until a day has passed", async (hours) => {
    const world = new World();
    const [entry] = await world.pack(["dead"], 9 * DAY_MS);
    const segment = await world.segment([entry as PackedEntry], { ageMs: 9 * DAY_MS });
    await world.collect();
    world.nowMs += hours * HOUR_MS;
    await world.collect();
    expect([world.hasPack(entry), world.hasSegment(segment)]).toEqual(
      hours < 24 ? [true, true] : [false, false],
    );
  });

  test("counts from when its last record went, not from when it was written", async () => {
    const world = new World();
    const entries = await world.pack(["old"], 99 * DAY_MS);
    const segment = await world.segment(entries, { ageMs: 99 * DAY_MS });
    await world.run({ segments: [segment] }, { ageMs: 13 * DAY_MS });
    await world.collect();
    world.nowMs += 2 * DAY_MS;
    await world.collect();
    expect([world.hasPack(entries[0]), world.hasSegment(segment)]).toEqual([true, true]);
    world.nowMs += 2 * DAY_MS;
    await world.collect();
    expect([world.hasPack(entries[0]), world.hasSegment(segment)]).toEqual([false, false]);
  });

  test("counts anew when it was named in the meantime", async () => {
    const world = new World();
    const entries = await world.pack(["back"], 9 * DAY_MS);
    await world.collect();
    world.nowMs += DAY_MS;
    const addition = await world.addition({ entries });
    await world.collect();
    await world.store.delete(addition);
    world.nowMs += 1.5 * DAY_MS;
    await world.collect();
    expect(world.hasPack(entries[0])).toBe(true);
  });
});

describe("a record that is written while a collection runs", () => {
  test("keeps its packs and segments, whenever it is written", async () => {
    for (let at = 0; at < 25; at++) {
      const world = new World();
      const entries = await world.pack(["back"], 9 * DAY_MS);
      const segment = await world.segment(entries, { ageMs: 9 * DAY_MS });
      await world.pack(["dead"], 9 * DAY_MS);
      await world.collect();
      world.nowMs += 3 * DAY_MS;
      let requests = 0;
      let isWriting = false;
      let looks = 0;
      // Made before, so that it is written at once.
      const record = await world.run({ segments: [segment] });
      const bytes = world.store.bytesAt(record) as Uint8Array;
      await world.store.delete(record);
      world.store.onRequest = (operation, key) => {
        if (isWriting) return;
        if (operation === "list" && key.endsWith("/run/")) looks++;
        // After the last look it is too late: whoever writes such a record has read one of a day ago.
        if (requests++ !== at || looks === 2) return;
        isWriting = true;
        void world.store.put(record, bytes);
        isWriting = false;
      };
      await world.collect();
      if (!world.has(record)) continue;
      expect([at, world.hasPack(entries[0]), world.hasSegment(segment)]).toEqual([at, true, true]);
    }
  });
});

describe("nothing is removed", () => {
  test.each([
    ["damaged", Buffer.from("nonsense")],
    ["empty", Buffer.alloc(0)],
  ])("while a segment is %s, and it is reported", async (_, bytes) => {
    const world = new World();
    const all = await stock(world);
    await world.collect();
    const fresh = await world.segment(await world.pack(["fresh"]));
    const key = world.keys.segment(fresh.segment.id);
    await world.put(key, bytes);
    await world.run({ segments: [fresh] }, { job: "fresh" });
    world.nowMs += 3 * DAY_MS;
    const report = await world.collect();
    expect(report).toMatchObject({ isFinished: true, packs: undefined, segments: undefined });
    expect(report.unreadable.map((each) => each.key)).toEqual([key]);
    expect(all.dead.filter((entry) => !world.hasPack(entry))).toEqual([]);
  });

  test("while an inline segment is damaged", async () => {
    const world = new World();
    const entries = await world.pack(["inline"], 9 * DAY_MS);
    const [dead] = await world.pack(["dead"], 9 * DAY_MS);
    await world.collect();
    const record = await world.run({ entries });
    const damaged = Uint8Array.from(world.store.bytesAt(record) as Uint8Array);
    damaged[damaged.length - 1] = 255 - (damaged.at(-1) ?? 0);
    await world.put(record, damaged);
    world.nowMs += 3 * DAY_MS;
    const report = await world.collect();
    expect([report.unreadable.map(({ key }) => key), report.packs]).toEqual([[record], undefined]);
    expect(world.hasPack(dead)).toBe(true);
  });
});

test("a segment that the bucket lacks names nothing", async () => {
  const world = new World();
  const segment = await world.segment(await world.pack(["gone"], 9 * DAY_MS));
  await world.store.delete(world.keys.segment(segment.segment.id));
  await world.run({ segments: [segment] });
  expect((await world.collectTwice()).packs).toMatchObject({ removed: { count: 1 } });
});

test("a segment below another prefix keeps the packs that it names here", async () => {
  const world = new World();
  const entries = await world.pack(["here"], 9 * DAY_MS);
  const segment = await world.segment(entries, { prefix: "other" });
  await world.run({ segments: [segment], prefix: "other" });
  await world.collectTwice();
  expect(world.hasPack(entries[0])).toBe(true);
  expect(await world.readBy(() => world.collect())).toEqual([]);
});

test("two collections at once lose nothing that is named", async () => {
  const world = new World();
  const all = await stock(world);
  await Promise.all([world.collect(), world.collect()]);
  world.nowMs += 3 * DAY_MS;
  const both = await Promise.all([world.collect(), world.collect()]);
  expect(both.map(({ isFinished }) => isFinished)).toEqual([true, true]);
  expectAllLive(world, all);
  expectDeadGone(world, all);
});

test("a clock that jumps loses nothing that is named, and ends the wait of nothing", async () => {
  const world = new World();
  const all = await stock(world);
  for (const jumpMs of [-20 * DAY_MS, 9 * DAY_MS, -9 * DAY_MS]) {
    world.nowMs += jumpMs;
    await world.collect();
  }
  expectAllLive(world, all);
  expect(all.dead.filter((entry) => !world.hasPack(entry))).toEqual([]);
});
