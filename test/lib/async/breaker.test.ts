import { expect, test } from "bun:test";
import { Breaker } from "../../../src/lib/async/breaker.ts";
import { FakeNow } from "../../support/fake-now.ts";

function openBreaker(): { breaker: Breaker; clock: FakeNow } {
  const clock = new FakeNow();
  const breaker = new Breaker(clock.now);
  breaker.failure("timeout");
  return { breaker, clock };
}

test("admits every call while closed", () => {
  const breaker = new Breaker();
  expect([breaker.admit(), breaker.admit(), breaker.open]).toEqual(["call", "call", undefined]);
});

test("one timeout opens it", () => {
  const { breaker, clock } = openBreaker();
  expect(breaker.open).toEqual({ probeAtMs: clock.ms + 10_000, pauseMs: 10_000 });
  expect(breaker.admit()).toBe("skip");
});

test("three failures in a row open it, and only the third says so", () => {
  const breaker = new Breaker();
  expect([1, 2, 3].map(() => breaker.failure("failure"))).toEqual([false, false, true]);
  expect(breaker.admit()).toBe("skip");
});

test("a success between failures starts the count again", () => {
  const breaker = new Breaker();
  breaker.failure("failure");
  breaker.failure("failure");
  breaker.success();
  expect([breaker.failure("failure"), breaker.failure("failure"), breaker.open]).toEqual([
    false,
    false,
    undefined,
  ]);
});

test("a failure while open changes nothing", () => {
  const { breaker } = openBreaker();
  const before = breaker.open;
  expect([breaker.failure("timeout"), breaker.open]).toEqual([false, before]);
});

test("admits one probe when it is due, the others not", () => {
  const { breaker, clock } = openBreaker();
  clock.advance(9_999);
  expect(breaker.admit()).toBe("skip");
  clock.advance(1);
  expect([breaker.admit(), breaker.admit()]).toEqual(["probe", "skip"]);
});

test("probes are 10, 20, 40, 80, 120 and then ever 120 s apart", () => {
  const { breaker, clock } = openBreaker();
  const start = clock.ms;
  const pauses: number[] = [];
  for (let last = start; pauses.length < 7; clock.advance(1_000)) {
    if (breaker.admit() !== "probe") continue;
    pauses.push((clock.ms - last) / 1_000);
    breaker.failure("timeout");
    last = clock.ms;
  }
  expect(pauses).toEqual([10, 20, 40, 80, 120, 120, 120]);
});

test("a success closes it, and the next opening begins with 10 s again", () => {
  const { breaker, clock } = openBreaker();
  clock.advance(10_000);
  breaker.admit();
  breaker.success();
  expect([breaker.admit(), breaker.open]).toEqual(["call", undefined]);
  breaker.failure("timeout");
  expect(breaker.open).toEqual({ probeAtMs: clock.ms + 10_000, pauseMs: 10_000 });
});

test("takes over the state of another, as a copy", () => {
  const { breaker, clock } = openBreaker();
  const other = new Breaker(clock.now);
  const state = { probeAtMs: clock.ms + 5, pauseMs: 40_000 };
  other.openAs(state);
  state.probeAtMs = 0;
  expect([other.admit(), breaker.admit()]).toEqual(["skip", "skip"]);
  clock.advance(5);
  expect([other.admit(), other.open]).toEqual(["probe", { probeAtMs: clock.ms + 80_000, pauseMs: 80_000 }]);
});
