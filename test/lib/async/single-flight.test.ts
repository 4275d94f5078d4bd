import { expect, test } from "bun:test";
import { SingleFlight } from "../../../src/lib/async/single-flight.ts";
import { rejection } from "../../support/rejection.ts";

test("calls at the same time share one run", async () => {
  const flights = new SingleFlight<number>();
  const gate = Promise.withResolvers<number>();
  let runs = 0;
  const work = () => {
    runs++;
    return gate.promise;
  };
  const calls = [flights.run("a", work), flights.run("a", work)];
  expect(flights.get("a")).toBe(calls[0]);
  gate.resolve(7);
  expect([await Promise.all(calls), runs]).toEqual([[7, 7], 1]);
});

test("other keys have runs of their own", async () => {
  const flights = new SingleFlight<string>();
  const results = ["a", "b"].map((key) => flights.run(key, async () => key));
  expect(await Promise.all(results)).toEqual(["a", "b"]);
});

test("a run that has ended is not joined", async () => {
  const flights = new SingleFlight<number>();
  let runs = 0;
  const work = async () => ++runs;
  expect([await flights.run("a", work), await flights.run("a", work)]).toEqual([1, 2]);
  expect(flights.get("a")).toBeUndefined();
});

test("all callers get the failure, and the next call starts again", async () => {
  const flights = new SingleFlight<number>();
  const failing = () => Promise.reject(new Error("no"));
  const failures = [flights.run("a", failing), flights.run("a", failing)].map((call) => rejection(call));
  expect((await Promise.all(failures)).map(String)).toEqual(["Error: no", "Error: no"]);
  expect(await flights.run("a", async () => 1)).toBe(1);
});

test.each<[string, () => Promise<void>]>([
  ["ends", () => Promise.resolve()],
  ["fails", () => Promise.reject(new Error("cut off"))],
])("a run with more to come can be joined until that %s", async (_, finish) => {
  const rest = Promise.withResolvers<void>();
  const flights = new SingleFlight<number>(() => rest.promise.then(finish));
  expect(await flights.run("a", async () => 1)).toBe(1);
  expect(await flights.run("a", async () => 2)).toBe(1);
  rest.resolve();
  await Bun.sleep(0);
  expect(await flights.run("a", async () => 3)).toBe(3);
});
