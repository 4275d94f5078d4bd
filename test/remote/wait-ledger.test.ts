import { expect, test } from "bun:test";
import { type LookUpResult, WaitLedger } from "../../src/remote/wait-ledger.ts";

/** Books look-ups one after the other, `count` of them. */
function book(ledger: WaitLedger, result: LookUpResult, durationMs: number, count = 1): void {
  for (let n = 0; n < count; n++) ledger.end(result, ledger.begin(0), durationMs);
}

const admissions = (ledger: WaitLedger, count: number) => Array.from({ length: count }, () => ledger.admit());

test("a look-up is worth waiting for at first", () => {
  expect(new WaitLedger().admit()).toBe("wait");
});

test("misses are waited for until they have cost five seconds", () => {
  const ledger = new WaitLedger();
  book(ledger, "miss", 50, 100);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("each hit makes up for 200 ms", () => {
  const ledger = new WaitLedger();
  book(ledger, "hit", 50, 100);
  book(ledger, "miss", 50, 500);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("once they are not waited for, one in eight is a probe", () => {
  const ledger = new WaitLedger();
  book(ledger, "miss", 5_001);
  const seven = Array.from({ length: 7 }, () => "skip" as const);
  expect(admissions(ledger, 16)).toEqual([...seven, "probe", ...seven, "probe"]);
});

test("a probe that hits brings the waiting back, for half as long", () => {
  const ledger = new WaitLedger();
  book(ledger, "miss", 50_000);
  ledger.probed("hit");
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 2_500);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("failures are waited for five seconds a session, whatever the hits", () => {
  const ledger = new WaitLedger();
  book(ledger, "hit", 1, 1_000);
  book(ledger, "failure", 5_000);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "failure", 1);
  expect(ledger.admit()).toBe("skip");
  ledger.probed("hit");
  expect(ledger.admit()).toBe("skip");
});

test("probes cost nothing, for nobody waits for them", () => {
  const ledger = new WaitLedger();
  for (const result of ["miss", "failure"] as const) {
    for (let n = 0; n < 100; n++) ledger.probed(result);
  }
  book(ledger, "failure", 4_999);
  expect(ledger.admit()).toBe("wait");
});

test("look-ups that wait side by side share the time", () => {
  const ledger = new WaitLedger();
  const tickets = Array.from({ length: 16 }, () => ledger.begin(0));
  for (const ticket of tickets) ledger.end("failure", ticket, 5_000);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "failure", 1);
  expect(ledger.admit()).toBe("skip");
});

test("time counts for as many as waited at that moment", () => {
  const ledger = new WaitLedger();
  const first = ledger.begin(0);
  const second = ledger.begin(4_000);
  // Alone for 4 s, then together for 2 s: 5 s of the first, 1 s of the second.
  ledger.end("miss", second, 6_000);
  ledger.end("hit", first, 6_000);
  book(ledger, "miss", 4_200);
  expect(ledger.admit()).toBe("wait");
  book(ledger, "miss", 1);
  expect(ledger.admit()).toBe("skip");
});

test("time in which nobody waits costs nothing", () => {
  const ledger = new WaitLedger();
  book(ledger, "miss", 10);
  ledger.end("miss", ledger.begin(1_000_000), 1_000_010);
  expect(ledger.admit()).toBe("wait");
});
