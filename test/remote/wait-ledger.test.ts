import { describe, expect, test } from "bun:test";
import { type LookUpResult, WaitLedger } from "../../src/remote/wait-ledger.ts";

const NOTHING = { count: 0, sizeBytes: 0 };

const openLedger = () => new WaitLedger({ isOnProbation: false });

/** Books look-ups one after the other, `count` of them; each brings `received`. */
function book(
  ledger: WaitLedger,
  result: LookUpResult,
  durationMs: number,
  { count = 1, received = NOTHING } = {},
): void {
  for (let n = 0; n < count; n++) ledger.end(result, ledger.begin(0), durationMs, received);
}

const admissions = (ledger: WaitLedger, count: number) => Array.from({ length: count }, () => ledger.admit());

test("a look-up is worth waiting for at first", () => {
  expect(openLedger().admit()).toBe("wait");
});

test("misses are waited for until they have cost five seconds", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50, { count: 100 });
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("a hit makes up for 100 ms of waiting", () => {
  const ledger = openLedger();
  book(ledger, "miss", 5_000);
  book(ledger, "hit", 100, { count: 1_000 });
  expect(ledger.admit()).toBe("wait");
  book(ledger, "hit", 101);
  expect(ledger.admit()).toBe("skip");
});

test("hits that take longer than go would are waited for until they have cost five seconds more than that", () => {
  const ledger = openLedger();
  const received = { count: 1, sizeBytes: 4_000_000 };
  book(ledger, "hit", 1_600, { count: 10, received });
  expect([ledger.admit(), ledger.sums]).toEqual(["wait", { waitedMs: 16_000, savedMs: 11_000 }]);
  book(ledger, "hit", 1_200, { received });
  expect([ledger.admit(), ledger.bypassReason]).toEqual(["skip", "slow"]);
});

test("what came beside a hit, or beside a miss, was saved as well", () => {
  const ledger = openLedger();
  book(ledger, "hit", 10_000, { received: { count: 100, sizeBytes: 0 } });
  book(ledger, "miss", 10_000, { received: { count: 0, sizeBytes: 40_000_000 } });
  book(ledger, "miss", 5_000);
  expect(ledger.admit()).toBe("wait");
});

test("what was gained before does not pay for what is lost now", () => {
  const ledger = openLedger();
  book(ledger, "hit", 1, { count: 1_000 });
  book(ledger, "miss", 5_001);
  expect(ledger.admit()).toBe("skip");
});

test("once they are not waited for, one in eight is a probe", () => {
  const ledger = openLedger();
  book(ledger, "miss", 5_001);
  const seven = Array.from({ length: 7 }, () => "skip" as const);
  expect(admissions(ledger, 16)).toEqual([...seven, "probe", ...seven, "probe"]);
});

test("a probe that hits sooner than go makes it brings the waiting back, in doubt", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50_000);
  ledger.probed("hit", 349, 1_000_000);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 2_500);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("a probe that hits later than that, or misses, does not", () => {
  const ledger = openLedger();
  book(ledger, "miss", 50_000);
  ledger.probed("hit", 350, 1_000_000);
  ledger.probed("miss", 1, 0);
  ledger.probed("failure", 1, 0);
  expect(ledger.bypassReason).toBe("slow");
});

test("failures are waited for five seconds a session, whatever the hits", () => {
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

test("probes cost nothing, for nobody waits for them", () => {
  const ledger = openLedger();
  for (const result of ["miss", "failure"] as const) {
    for (let n = 0; n < 100; n++) ledger.probed(result, 60_000, 0);
  }
  book(ledger, "failure", 4_999);
  expect(ledger.admit()).toBe("wait");
});

test("look-ups that wait side by side share the time", () => {
  const ledger = openLedger();
  const waits = Array.from({ length: 16 }, () => ledger.begin(0));
  for (const wait of waits) ledger.end("failure", wait, 5_000, NOTHING);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "failure", 1);
  expect(ledger.admit()).toBe("skip");
});

test("what they save is shared as well, for go would make it side by side", () => {
  const ledger = openLedger();
  const waits = Array.from({ length: 4 }, () => ledger.begin(0));
  const received = { count: 1, sizeBytes: 0 };
  for (const wait of waits) ledger.end("hit", wait, 1_000, received);
  expect(ledger.sums).toEqual({ waitedMs: 1_000, savedMs: 100 });
});

test("time counts for as many as waited at that moment", () => {
  const ledger = openLedger();
  const first = ledger.begin(0);
  const second = ledger.begin(4_000);
  // Alone for 4 s, then together for 2 s: 5 s of the first, 1 s of the second.
  ledger.end("failure", second, 6_000, NOTHING);
  ledger.end("hit", first, 6_000, NOTHING);
  book(ledger, "failure", 4_000);
  expect(ledger.bypassReason).not.toBe("failing");
  book(ledger, "failure", 1);
  expect(ledger.bypassReason).toBe("failing");
});

test("time in which nobody waits costs nothing", () => {
  const ledger = openLedger();
  book(ledger, "miss", 10);
  ledger.end("miss", ledger.begin(1_000_000), 1_000_010, NOTHING);
  expect(ledger.admit()).toBe("wait");
});

test("of a remote that had most of what was looked up it is known, probes included, failures left out", () => {
  const ledger = openLedger();
  book(ledger, "hit", 1);
  ledger.probed("miss", 1, 0);
  expect(ledger.hasMost).toBe(false);
  ledger.probed("hit", 60_000, 0);
  book(ledger, "failure", 1, { count: 9 });
  expect(ledger.hasMost).toBe(true);
});

describe("in doubt", () => {
  const received = { count: 1, sizeBytes: 0 };

  test("one second may be lost", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    book(ledger, "miss", 400);
    expect([ledger.admit(), ledger.maxWaitMs]).toEqual(["wait", 600]);
    book(ledger, "miss", 601);
    expect([ledger.admit(), ledger.bypassReason, ledger.maxWaitMs]).toEqual(["skip", "slow", 0]);
  });

  test("what is given up has cost its time, and is a probe", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    const waits = [ledger.begin(0), ledger.begin(0)];
    for (const wait of waits) ledger.timedOut(wait, 1_001);
    expect([ledger.admit(), ledger.sums.waitedMs]).toEqual(["skip", 1_001]);
    ledger.probed("hit", 1_500, 40_000_000);
    expect([ledger.admit(), ledger.maxWaitMs]).toEqual(["wait", 2_500]);
  });

  test("hits that pay end it, those that merely cost nothing less do not", () => {
    const ledger = new WaitLedger({ isOnProbation: true });
    book(ledger, "hit", 0, { count: 27, received });
    expect(ledger.isOnProbation).toBe(true);
    book(ledger, "hit", 0, { received });
    expect([ledger.isOnProbation, ledger.maxWaitMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
