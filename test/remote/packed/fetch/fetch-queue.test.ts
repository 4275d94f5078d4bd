import { describe, expect, test } from "bun:test";
import type { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { objectOf, untilAborted } from "../../../store/tampered-store.ts";
import { eventually } from "../../../support/eventually.ts";
import { rejection } from "../../../support/rejection.ts";
import { failGets, hangGets, takeCalls } from "../failing-store.ts";
import { holdGets, QueueFixture, requestedPacks, singles } from "./queue-fixture.ts";

const arrivals = (outputs: WantedOutput[]) => Promise.all(outputs.map(({ arrival }) => arrival));

/** Runs all pending microtasks and immediate callbacks. */
async function goOn(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate);
}

test("wanted outputs are fetched, with one request per pack", async () => {
  using fixture = new QueueFixture();
  const outputs = [...(await fixture.pack(["a", "b"])), ...(await fixture.pack(["c"]))];
  takeCalls(fixture.store);
  fixture.queue.add(outputs, false);
  expect([await arrivals(outputs), fixture.store.calls.length]).toEqual([[true, true, true], 2]);
  expect(new Set(fixture.frames)).toEqual(new Set(["a", "b", "c"]));
  expect(fixture.queue.bytesUnderWay).toBe(0);
});

describe("the order of requests:", () => {
  test("first come, first served, four at once at first", async () => {
    using fixture = new QueueFixture();
    holdGets(fixture.store);
    fixture.queue.add(singles(6), false);
    expect(requestedPacks(fixture.store)).toEqual([0, 1, 2, 3]);
  });

  test("the next one when another has arrived or failed", async () => {
    using fixture = new QueueFixture();
    const releaseNext = holdGets(fixture.store);
    const outputs = singles(6);
    fixture.queue.add(outputs, false);
    releaseNext();
    await outputs[0]?.arrival;
    await goOn();
    expect(requestedPacks(fixture.store)).toEqual([0, 1, 2, 3, 4]);
  });

  test("awaited outputs before prefetched ones", async () => {
    using fixture = new QueueFixture();
    const releaseNext = holdGets(fixture.store);
    const outputs = singles(8);
    const [demanded] = outputs.splice(7);
    fixture.queue.add(outputs, false);
    fixture.queue.add([demanded as WantedOutput], true);
    fixture.queue.prioritize(outputs[6] as WantedOutput);
    fixture.queue.prioritize(outputs[0] as WantedOutput);
    for (let n = 0; n < 4; n++) releaseNext();
    await arrivals(outputs.slice(0, 4));
    await goOn();
    expect(requestedPacks(fixture.store).slice(4)).toEqual([6, 7, 4, 5]);
  });
});

test("memory is bounded: further requests wait until outputs are written", async () => {
  using fixture = new QueueFixture();
  const outputs = singles(14, 8 << 20);
  const held: WantedOutput[] = [];
  fixture.onFrame = (output) => held.push(output);
  const body = new Uint8Array(8 << 20);
  fixture.store.onGet = async () => ({ ...objectOf(""), body: new Blob([body]).stream() });
  fixture.queue.add(outputs, false);
  const { calls } = fixture.store;
  await eventually("48 MiB", () => held.length === 6);
  await goOn();
  expect([calls.length, fixture.queue.bytesUnderWay]).toEqual([6, 48 << 20]);
  fixture.markWritten(held[0] as WantedOutput);
  await eventually("8 MiB more", () => held.length === 7);
  await goOn();
  expect(calls).toHaveLength(7);
});

describe("a pack that", () => {
  test("is truncated is requested again, once, for the missing rest", async () => {
    using fixture = new QueueFixture();
    const outputs = await fixture.pack(["a", "b"]);
    let attempts = 0;
    fixture.store.onGet = async (_, get) => {
      const object = await get();
      if (object === undefined || ++attempts > 1) return object;
      const bytes = await new Response(object.body as never).bytes();
      const half = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes.slice(0, outputs[0]?.place.length)),
        pull: (controller) => controller.error(new Error("reset")),
      });
      return { ...object, body: half };
    };
    fixture.queue.add(outputs, false);
    expect([await arrivals(outputs), attempts, fixture.bad]).toEqual([[true, true], 2, []]);
  });

  test("fails makes only its own missing outputs fail", async () => {
    using fixture = new QueueFixture();
    const bad = await fixture.pack(["a", "b"]);
    const good = await fixture.pack(["c"]);
    failGets(fixture.store, bad[0]?.place.pack.id ?? "");
    takeCalls(fixture.store);
    fixture.queue.add([...bad, ...good], false);
    const errors = await Promise.all(bad.map(({ arrival }) => rejection(arrival)));
    expect([errors, await arrivals(good)]).toEqual([[new Error("503"), new Error("503")], [true]]);
    expect([fixture.store.calls.length, fixture.bad, fixture.queue.bytesUnderWay]).toEqual([2, [], 0]);
  });

  test("hangs fails with its own limit, and is not retried", async () => {
    using fixture = new QueueFixture(10);
    const outputs = await fixture.pack(["a"]);
    hangGets(fixture.store, "pack/", "x");
    takeCalls(fixture.store);
    fixture.queue.add(outputs, false);
    expect(await rejection((outputs[0] as WantedOutput).arrival)).toMatchObject({ name: "TimeoutError" });
    expect(fixture.store.calls).toHaveLength(1);
  });

  test("is gone is reported after one request, and its outputs are misses", async () => {
    using fixture = new QueueFixture();
    const [output] = singles(1) as [WantedOutput];
    fixture.queue.add([output], true);
    expect([await output.arrival, fixture.bad]).toEqual([false, [[output.place.pack.id, "gone"]]]);
    expect(fixture.store.calls).toHaveLength(1);
  });

  test.each([
    ["longer", 1],
    ["shorter", -1],
  ])("is %s than its record says is bad, and its outputs are misses", async (what, change) => {
    using fixture = new QueueFixture();
    const outputs = await fixture.pack(["a", "b"]);
    const { id, sizeBytes } = outputs[0]?.place.pack ?? { id: "", sizeBytes: 0 };
    await fixture.bucket.overwrite(fixture.bucket.keys.pack(id), new Uint8Array(sizeBytes + change));
    fixture.onFrame = () => undefined;
    takeCalls(fixture.store);
    fixture.queue.add(outputs, false);
    expect(await outputs.at(-1)?.arrival).toBe(false);
    expect(fixture.bad).toEqual([[id, expect.stringContaining(`is ${what} than its record says`)]]);
    expect(fixture.store.calls).toHaveLength(1);
  });
});

describe("when the session ends,", () => {
  test("queued outputs and those in flight are misses, not errors", async () => {
    using fixture = new QueueFixture();
    fixture.store.onGet = (_, __, signal) => untilAborted(signal);
    const outputs = singles(6);
    fixture.queue.add(outputs, false);
    fixture.controller.abort(new Error("the session has ended"));
    fixture.queue.clear();
    expect(await arrivals(outputs)).toEqual(outputs.map(() => false));
    expect([fixture.store.calls.length, fixture.bad]).toEqual([4, []]);
  });

  test("no further request is sent", async () => {
    using fixture = new QueueFixture();
    fixture.controller.abort(new Error("the session has ended"));
    fixture.queue.add(singles(1), true);
    await goOn();
    expect(fixture.store.calls).toEqual([]);
  });
});
