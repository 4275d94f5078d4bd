import { describe, expect, test } from "bun:test";
import type { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { objectOf, untilAborted } from "../../../store/tampered-store.ts";
import { eventually } from "../../../support/eventually.ts";
import { rejection } from "../../../support/rejection.ts";
import { failGets, hangGets, takeCalls } from "../failing-store.ts";
import { askedFor, holdGets, lonely, QueueFixture } from "./queue-fixture.ts";

const arrivals = (outputs: WantedOutput[]) => Promise.all(outputs.map(({ arrival }) => arrival));

/** Lets everything go on that need not wait for anybody. */
async function goOn(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate);
}

test("brings what is wanted, a pack with one request", async () => {
  using fixture = new QueueFixture();
  const outputs = [...(await fixture.pack(["a", "b"])), ...(await fixture.pack(["c"]))];
  takeCalls(fixture.store);
  fixture.queue.add(outputs, false);
  expect([await arrivals(outputs), fixture.store.calls.length]).toEqual([[true, true, true], 2]);
  expect(new Set(fixture.frames)).toEqual(new Set(["a", "b", "c"]));
  expect(fixture.queue.bytesUnderWay).toBe(0);
});

describe("in which order:", () => {
  test("as they come, four at once at first", async () => {
    using fixture = new QueueFixture();
    holdGets(fixture.store);
    fixture.queue.add(lonely(6), false);
    expect(askedFor(fixture.store)).toEqual([0, 1, 2, 3]);
  });

  test("the next when one has come, or failed", async () => {
    using fixture = new QueueFixture();
    const letGo = holdGets(fixture.store);
    const outputs = lonely(6);
    fixture.queue.add(outputs, false);
    letGo();
    await outputs[0]?.arrival;
    await goOn();
    expect(askedFor(fixture.store)).toEqual([0, 1, 2, 3, 4]);
  });

  test("what go waits for before all that only might be wanted", async () => {
    using fixture = new QueueFixture();
    const letGo = holdGets(fixture.store);
    const outputs = lonely(8);
    const [demanded] = outputs.splice(7);
    fixture.queue.add(outputs, false);
    fixture.queue.add([demanded as WantedOutput], true);
    fixture.queue.hurry(outputs[6] as WantedOutput);
    fixture.queue.hurry(outputs[0] as WantedOutput);
    for (let n = 0; n < 4; n++) letGo();
    await arrivals(outputs.slice(0, 4));
    await goOn();
    expect(askedFor(fixture.store).slice(4)).toEqual([6, 7, 4, 5]);
  });
});

test("only so much is in memory: the rest waits until some of that is placed", async () => {
  using fixture = new QueueFixture();
  const outputs = lonely(14, 8 << 20);
  const held: WantedOutput[] = [];
  fixture.onFrame = (output) => held.push(output);
  const body = new Uint8Array(8 << 20);
  fixture.store.onGet = async () => ({ ...objectOf(""), body: new Blob([body]).stream() });
  fixture.queue.add(outputs, false);
  const { calls } = fixture.store;
  await eventually("48 MiB", () => held.length === 6);
  await goOn();
  expect([calls.length, fixture.queue.bytesUnderWay]).toEqual([6, 48 << 20]);
  fixture.place(held[0] as WantedOutput);
  await eventually("8 MiB more", () => held.length === 7);
  await goOn();
  expect(calls).toHaveLength(7);
});

describe("a pack that", () => {
  test("breaks off is asked for again, once, for what has not come", async () => {
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

  test("fails fails what was to come of it, and nothing else", async () => {
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

  test("hangs fails with its own limit, and is not asked for again", async () => {
    using fixture = new QueueFixture(10);
    const outputs = await fixture.pack(["a"]);
    hangGets(fixture.store, "pack/", "x");
    takeCalls(fixture.store);
    fixture.queue.add(outputs, false);
    expect(await rejection((outputs[0] as WantedOutput).arrival)).toMatchObject({ name: "TimeoutError" });
    expect(fixture.store.calls).toHaveLength(1);
  });

  test("is gone is said to be, with one request, and its outputs can't be had", async () => {
    using fixture = new QueueFixture();
    const [output] = lonely(1) as [WantedOutput];
    fixture.queue.add([output], true);
    expect([await output.arrival, fixture.bad]).toEqual([false, [[output.place.pack.id, "gone"]]]);
    expect(fixture.store.calls).toHaveLength(1);
  });

  test.each([
    ["longer", 1],
    ["shorter", -1],
  ])("is %s than its record says is no good, and its outputs can't be had", async (what, change) => {
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

describe("the end:", () => {
  test("what waits is given up, what is under way ends with the signal, and neither is an error", async () => {
    using fixture = new QueueFixture();
    fixture.store.onGet = (_, __, signal) => untilAborted(signal);
    const outputs = lonely(6);
    fixture.queue.add(outputs, false);
    fixture.controller.abort(new Error("the session has ended"));
    fixture.queue.clear();
    expect(await arrivals(outputs)).toEqual(outputs.map(() => false));
    expect([fixture.store.calls.length, fixture.bad]).toEqual([4, []]);
  });

  test("nothing is asked for any more", async () => {
    using fixture = new QueueFixture();
    fixture.controller.abort(new Error("the session has ended"));
    fixture.queue.add(lonely(1), true);
    await goOn();
    expect(fixture.store.calls).toEqual([]);
  });
});
