import { describe, expect, test } from "bun:test";
import { type LookUpResult, WaitLedger } from "../../src/remote/wait-ledger.ts";

const NOTHING = { count: 0, sizeBytes: 0 };

const openLedger = () => new WaitLedger({ isOnProbation: false });

/** Books `count` sequential lookups; each receives `received`. */
function book(
  ledger: WaitLedger,
  result: LookUpResult,
  durationMs: number,
  { count = 1, received = NOTHING } = {},
): void {
  for (let n = 0; n < count; n++) ledger.end(result, ledger.begin(0), durationMs, received);
}

const admissions = (ledger: WaitLedger, count: number) => Array.from({ length: count }, () => ledger.admit());

test("go waits for the first lookup", () => {
  expect(openLedger().admit()).toBe("wait");
});

test("go waits for misses until they have cost five seconds", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50, { count: 100 });
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("a hit offsets 100 ms of waiting", () => {
  const ledger = openLedger();
  book(ledger, "miss", 5_000);
  book(ledger, "hit", 100, { count: 1_000 });
  expect(ledger.admit()).toBe("wait");
  book(ledger, "hit", 101);
  expect(ledger.admit()).toBe("skip");
});

test("go waits for hits slower than compiling until they have cost five seconds more than they save", () => {
  const ledger = openLedger();
  const received = { count: 1, sizeBytes: 4_000_000 };
  book(ledger, "hit", 1_600, { count: 10, received });
  expect([ledger.admit(), ledger.sums]).toEqual(["wait", { waitedMs: 16_000, savedMs: 11_000 }]);
  book(ledger, "hit", 1_200, { received });
  expect([ledger.admit(), ledger.bypassReason]).toEqual(["skip", "slow"]);
});

test("outputs received along with a hit or a miss count as saved, too", () => {
  const ledger = openLedger();
  book(ledger, "hit", 10_000, { received: { count: 100, sizeBytes: 0 } });
  book(ledger, "miss", 10_000, { received: { count: 0, sizeBytes: 40_000_000 } });
  book(ledger, "miss", 5_000);
  expect(ledger.admit()).toBe("wait");
});

test("earlier gains don't offset later losses", () => {
  const ledger = openLedger();
  book(ledger, "hit", 1, { count: 1_000 });
  book(ledger, "miss", 5_001);
  expect(ledger.admit()).toBe("skip");
});

test("once lookups are bypassed, one in eight is a probe", () => {
  const ledger = openLedger();
  book(ledger, "miss", 5_001);
  const seven = Array.from({ length: 7 }, () => "skip" as const);
  expect(admissions(ledger, 16)).toEqual([...seven, "probe", ...seven, "probe"]);
});

test("after a probe faster than compiling, go waits again, on probation", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50_000);
  ledger.probed("hit", 349, 1_000_000);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 2_500);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("after a slower probe or a miss it does not", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50_000);
  ledger.probed("hit", 350, 1_000_000);
  ledger.probed("miss", 1, 0);
  ledger.probed("failure", 1, 0);
  expect(ledger.bypassReason).toBe("slow");
});

test("go waits for failures at most five seconds per session, whatever the hits", () => {
  const ledger = openLedger();
  const hits = { count: 1_000, received: { count: 10, sizeBytes: 0 } };
  book(ledger, "failure", 5_000);
  book(ledger, "hit", 1, hits);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "failure", 1);
  book(ledger, "hit", 1, hits);
  ledger.probed("hit", 1, 0);
  expect([ledger.admit(), ledger.bypassReason]).toEqual(["skip", "failing"]);
});

test("probes cost nothing, since go does not wait for them", () => {
  const ledger = openLedger();
  for (const result of ["miss", "failure"] as const) {
    for (let n = 0; n < 100; n++) ledger.probed(result, 60_000, 0);
  }
  book(ledger, "failure", 4_999);
  expect(ledger.admit()).toBe("wait");
});

test("concurrent lookups share the time", () => {
  const ledger = openLedger();
  const waits = Array.from({ length: 16 }, () => ledger.begin(0));
  for (const wait of waits) ledger.end("failure", wait, 5_000, NOTHING);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "failure", 1);
  expect(ledger.admit()).toBe("skip");
});

test("concurrent lookups share the saved time as well, since go compiles in parallel", () => {
  const ledger = openLedger();
  const waits = Array.from({ length: 4 }, () => ledger.begin(0));
  const received = { count: 1, sizeBytes: 0 };
  for (const wait of waits) ledger.end("hit", wait, 1_000, received);
  expect(ledger.sums).toEqual({ waitedMs: 1_000, savedMs: 100 });
});

test("time is shared by the lookups waiting at that moment", () => {
  const ledger = openLedger();
  const first = ledger.begin(0);
  const second = ledger.begin(4_000);
  // Alone for 4 s, then both for 2 s: 5 s for the first, 1 s for the second.
  ledger.end("failure", second, 6_000, NOTHING);
  ledger.end("hit", first, 6_000, NOTHING);
  book(ledger, "failure", 4_000);
  expect(ledger.bypassReason).not.toBe("failing");
  book(ledger, "failure", 1);
  expect(ledger.bypassReason).toBe("failing");
});

test("time without waiting costs nothing", () => {
  const ledger = openLedger();
  book(ledger, "miss", 10);
  ledger.end("miss", ledger.begin(1_000_000), 1_000_010, NOTHING);
  expect(ledger.admit()).toBe("wait");
});

test("hasMost counts hits and misses, including probes but not failures", () => {
  const ledger = openLedger();
  book(ledger, "hit", 1);
  ledger.probed("miss", 1, 0);
  expect(ledger.hasMost).toBe(false);
  ledger.probed("hit", 60_000, 0);
  book(ledger, "failure", 1, { count: 9 });
  expect(ledger.hasMost).toBe(true);
});

describe("on probation", () => {
  const received = { count: 1, sizeBytes: 0 };

  test("a session may lose one second", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    book(ledger, "miss", 400);
    expect([ledger.admit(), ledger.maxWaitMs]).toEqual(["wait", 600]);
    book(ledger, "miss", 601);
    expect([ledger.admit(), ledger.bypassReason, ledger.maxWaitMs]).toEqual(["skip", "slow", 0]);
  });

  test("an abandoned lookup costs its time and continues as a probe", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    const waits = [ledger.begin(0), ledger.begin(0)];
    for (const wait of waits) ledger.timedOut(wait, 1_001);
    expect([ledger.admit(), ledger.sums.waitedMs]).toEqual(["skip", 1_001]);
    ledger.probed("hit", 1_500, 40_000_000);
    expect([ledger.admit(), ledger.maxWaitMs]).toEqual(["wait", 2_500]);
  });

  test("hits that pay end it, hits that just break even do not", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    book(ledger, "hit", 0, { count: 27, received });
    expect(ledger.isOnProbation).toBe(true);
    book(ledger, "hit", 0, { received });
    expect([ledger.isOnProbation, ledger.maxWaitMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
