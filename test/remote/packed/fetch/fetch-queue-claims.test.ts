/** Helpers on one machine that want the same packs. */
import { expect, test } from "bun:test";
import type { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { eventually } from "../../../support/eventually.ts";
import { takeCalls } from "../failing-store.ts";
import { holdGets, QueueFixture } from "./queue-fixture.ts";

/** A fixture with a pack of two outputs that another helper is fetching. */
async function claimed() {
  const fixture = new QueueFixture();
  const outputs = (await fixture.pack(["a", "b"])) as [WantedOutput, WantedOutput];
  const packId = outputs[0].place.pack.id;
  fixture.others.take(packId);
  takeCalls(fixture.store);
  return Object.assign(fixture, { outputs, packId });
}

const arrivals = (outputs: WantedOutput[]) => Promise.all(outputs.map(({ arrival }) => arrival));

test("outputs that another helper fetches are not fetched again", async () => {
  using fixture = await claimed();
  fixture.queue.add(fixture.outputs, false);
  for (const output of fixture.outputs) fixture.local.add(output);
  fixture.others.release(fixture.packId);
  expect([await arrivals(fixture.outputs), fixture.store.calls]).toEqual([[true, true], []]);
  expect(fixture.others.take(fixture.packId)).toBe(true);
});

test("an awaited output arrives as soon as the other helper has written it", async () => {
  using fixture = await claimed();
  fixture.outputs[1].isAwaited = true;
  fixture.queue.add(fixture.outputs, true);
  fixture.local.add(fixture.outputs[1]);
  expect([await fixture.outputs[1].arrival, fixture.outputs[0].stage]).toEqual([true, "queued"]);
});

test("outputs that the other helper has not written are fetched when it is done", async () => {
  using fixture = await claimed();
  fixture.queue.add(fixture.outputs, false);
  fixture.local.add(fixture.outputs[0]);
  fixture.others.release(fixture.packId);
  expect([await arrivals(fixture.outputs), fixture.frames]).toEqual([[true, true], ["b"]]);
});

test("the queue does not wait for a dead helper", async () => {
  using fixture = await claimed();
  age(fixture.dir.join(fixture.packId), 5_000);
  fixture.queue.add(fixture.outputs, false);
  expect([await arrivals(fixture.outputs), fixture.store.calls.length]).toEqual([[true, true], 1]);
});

test("the end of the session ends the wait for other helpers", async () => {
  using fixture = await claimed();
  fixture.queue.add(fixture.outputs, false);
  fixture.controller.abort(new Error("the session has ended"));
  fixture.queue.clear();
  expect([await arrivals(fixture.outputs), fixture.store.calls]).toEqual([[false, false], []]);
});

test("a pack stays claimed until its last wanted output is written", async () => {
  using fixture = new QueueFixture();
  const outputs = (await fixture.pack(["a", "b"])) as [WantedOutput, WantedOutput];
  const packId = outputs[0].place.pack.id;
  fixture.onFrame = () => undefined;
  const releaseNext = holdGets(fixture.store);
  for (const output of outputs) fixture.queue.add([output], false);
  expect(fixture.others.take(packId)).toBe(false);
  releaseNext();
  releaseNext();
  await eventually("two frames", () => fixture.frames.length >= 2);
  fixture.markWritten(outputs[0]);
  await new Promise(setImmediate);
  expect(fixture.others.take(packId)).toBe(false);
  fixture.markWritten(outputs[1]);
  await new Promise(setImmediate);
  expect(fixture.others.take(packId)).toBe(true);
});
