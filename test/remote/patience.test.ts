import { describe, expect, test } from "bun:test";
import { type LookUpResult, Patience } from "../../src/remote/patience.ts";

const NOTHING = { count: 0, sizeBytes: 0 };

const openLedger = () => new Patience({ isOnProbation: false });

/** Books `count` sequential lookups; each receives `received`. */
function book(
  patience: Patience,
  result: LookUpResult,
  durationMs: number,
  { count = 1, received = NOTHING } = {},
): void {
  for (let n = 0; n < count; n++) patience.end(result, patience.begin(0), durationMs, received);
}

const admissions = (patience: Patience, count: number) =>
  Array.from({ length: count }, () => patience.admit());

test("go waits for the first lookup", () => {
  expect(openLedger().admit()).toBe("wait");
});

test("go waits for misses until they have cost five seconds", () => {
  const patience = openLedger();
  book(patience, "miss", 50, { count: 100 });
  expect(patience.admit()).toBe("wait");
  book(patience, "miss", 1);
  expect(patience.admit()).toBe("skip");
});

test("a hit offsets 25 ms of waiting", () => {
  const patience = openLedger();
  book(patience, "miss", 5_000);
  book(patience, "hit", 25, { count: 1_000 });
  expect(patience.admit()).toBe("wait");
  book(patience, "hit", 26);
  expect(patience.admit()).toBe("skip");
});

test("go waits for hits slower than compiling until they have cost five seconds more than they save", () => {
  const patience = openLedger();
  const received = { count: 1, sizeBytes: 4_000_000 };
  book(patience, "hit", 1_525, { count: 10, received });
  expect([patience.admit(), patience.sums]).toEqual(["wait", { waitedMs: 15_250, savedMs: 10_250 }]);
  book(patience, "hit", 1_200, { received });
  expect([patience.admit(), patience.bypassReason]).toEqual(["skip", "slow"]);
});

test("outputs received along with a hit or a miss count as saved, too", () => {
  const patience = openLedger();
  book(patience, "hit", 10_000, { received: { count: 400, sizeBytes: 0 } });
  book(patience, "miss", 10_000, { received: { count: 0, sizeBytes: 40_000_000 } });
  book(patience, "miss", 5_000);
  expect(patience.admit()).toBe("wait");
});

test("go stops waiting for tiny outputs that take 100 ms each", () => {
  const patience = openLedger();
  let waits = 0;
  for (; waits < 1_000 && patience.admit() === "wait"; waits++)
    book(patience, "hit", 100, { received: { count: 1, sizeBytes: 300 } });
  expect(waits).toBe(67);
});

test("earlier gains don't offset later losses", () => {
  const patience = openLedger();
  book(patience, "hit", 1, { count: 1_000 });
  book(patience, "miss", 5_001);
  expect(patience.admit()).toBe("skip");
});

test("once lookups are bypassed, one in eight is a probe", () => {
  const patience = openLedger();
  book(patience, "miss", 5_001);
  const seven = Array.from({ length: 7 }, () => "skip" as const);
  expect(admissions(patience, 16)).toEqual([...seven, "probe", ...seven, "probe"]);
});

test("after a probe faster than compiling, go waits again, on probation", () => {
  const patience = openLedger();
  book(patience, "miss", 50_000);
  patience.probed("hit", 274, 1_000_000);
  expect(patience.admit()).toBe("wait");
  book(patience, "miss", 2_500);
  expect(patience.admit()).toBe("wait");
  book(patience, "miss", 1);
  expect(patience.admit()).toBe("skip");
});

test("after a slower probe or a miss it does not", () => {
  const patience = openLedger();
  book(patience, "miss", 50_000);
  patience.probed("hit", 275, 1_000_000);
  patience.probed("miss", 1, 0);
  patience.probed("failure", 1, 0);
  expect(patience.bypassReason).toBe("slow");
});

test("go waits for failures at most five seconds per session, whatever the hits", () => {
  const patience = openLedger();
  const hits = { count: 1_000, received: { count: 10, sizeBytes: 0 } };
  book(patience, "failure", 5_000);
  book(patience, "hit", 1, hits);
  expect(patience.admit()).toBe("wait");
  book(patience, "failure", 1);
  book(patience, "hit", 1, hits);
  patience.probed("hit", 1, 0);
  expect([patience.admit(), patience.bypassReason]).toEqual(["skip", "failing"]);
});

test("probes cost nothing, since go does not wait for them", () => {
  const patience = openLedger();
  for (const result of ["miss", "failure"] as const) {
    for (let n = 0; n < 100; n++) patience.probed(result, 60_000, 0);
  }
  book(patience, "failure", 4_999);
  expect(patience.admit()).toBe("wait");
});

test("concurrent lookups share the time", () => {
  const patience = openLedger();
  const waits = Array.from({ length: 16 }, () => patience.begin(0));
  for (const wait of waits) patience.end("failure", wait, 5_000, NOTHING);
  expect(patience.admit()).toBe("wait");
  book(patience, "failure", 1);
  expect(patience.admit()).toBe("skip");
});

test("concurrent lookups share the saved time as well, since go compiles in parallel", () => {
  const patience = openLedger();
  const waits = Array.from({ length: 4 }, () => patience.begin(0));
  const received = { count: 1, sizeBytes: 0 };
  for (const wait of waits) patience.end("hit", wait, 1_000, received);
  expect(patience.sums).toEqual({ waitedMs: 1_000, savedMs: 25 });
});

test("time is shared by the lookups waiting at that moment", () => {
  const patience = openLedger();
  const first = patience.begin(0);
  const second = patience.begin(4_000);
  // Alone for 4 s, then both for 2 s: 5 s for the first, 1 s for the second.
  patience.end("failure", second, 6_000, NOTHING);
  patience.end("hit", first, 6_000, NOTHING);
  book(patience, "failure", 4_000);
  expect(patience.bypassReason).not.toBe("failing");
  book(patience, "failure", 1);
  expect(patience.bypassReason).toBe("failing");
});

test("time without waiting costs nothing", () => {
  const patience = openLedger();
  book(patience, "miss", 10);
  patience.end("miss", patience.begin(1_000_000), 1_000_010, NOTHING);
  expect(patience.admit()).toBe("wait");
});

test("hasMost counts hits and misses, including probes but not failures", () => {
  const patience = openLedger();
  book(patience, "hit", 1);
  patience.probed("miss", 1, 0);
  expect(patience.hasMost).toBe(false);
  patience.probed("hit", 60_000, 0);
  book(patience, "failure", 1, { count: 9 });
  expect(patience.hasMost).toBe(true);
});

describe("on probation", () => {
  const received = { count: 4, sizeBytes: 0 };

  test("a session may lose one second", () => {
    const patience = new Patience({ isOnProbation: true });
    book(patience, "miss", 400);
    expect([patience.admit(), patience.maxWaitMs]).toEqual(["wait", 600]);
    book(patience, "miss", 601);
    expect([patience.admit(), patience.bypassReason, patience.maxWaitMs]).toEqual(["skip", "slow", 0]);
  });

  test("an abandoned lookup costs its time and continues as a probe", () => {
    const patience = new Patience({ isOnProbation: true });
    const waits = [patience.begin(0), patience.begin(0)];
    for (const wait of waits) patience.timedOut(wait, 1_001);
    expect([patience.admit(), patience.sums.waitedMs]).toEqual(["skip", 1_001]);
    patience.probed("hit", 1_500, 40_000_000);
    expect([patience.admit(), patience.maxWaitMs]).toEqual(["wait", 2_500]);
  });

  test("hits that pay end it, hits that just break even do not", () => {
    const patience = new Patience({ isOnProbation: true });
    book(patience, "hit", 0, { count: 27, received });
    expect(patience.isOnProbation).toBe(true);
    book(patience, "hit", 0, { received });
    expect([patience.isOnProbation, patience.maxWaitMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
