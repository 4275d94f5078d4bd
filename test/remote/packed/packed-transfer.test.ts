/** Remotes of several scopes that share a transfer, like those of a server. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { LocalEntry } from "../../../src/buildcache/entry.ts";
import type { PackedRemote } from "../../../src/remote/packed/packed-remote.ts";
import { PackedTransfer } from "../../../src/remote/packed/packed-transfer.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { putKinds } from "./failing-store.ts";
import { end, Machine } from "./packed-fixture.ts";
import { StockedBucket } from "./stocked-bucket.ts";

let bucket: StockedBucket;
let one: Machine;
let two: Machine;

beforeEach(() => {
  bucket = new StockedBucket();
  one = new Machine(bucket, "m1");
  two = new Machine(bucket, "m2");
});
afterEach(() => {
  for (const part of [one, two, bucket]) part[Symbol.dispose]();
});

const A = { project: "example.com/a" };
const B = { project: "example.com/b" };

function transferOf(machine: Machine): PackedTransfer {
  const { dir, local, counters, log } = machine;
  return new PackedTransfer({
    store: machine.guardedStore(),
    prefix: bucket.prefix,
    local,
    concurrency: 4,
    stateDir: join(dir.path, "state", "packed"),
    createTemp: () => new LocalDir(dir.path).createTemp(),
    counters,
    log,
  });
}

test("an output that two projects put is in one pack, and both find it", async () => {
  const transfer = transferOf(one);
  const remotes = [one.session({ scope: A, transfer }), one.session({ scope: B, transfer })];
  for (const remote of remotes) remote.put(one.entry("shared"));
  await Promise.all(remotes.map((remote) => remote.store()));
  expect(putKinds(bucket).filter((kind) => kind === "pack")).toEqual(["pack"]);
  const action = one.entry("shared").actionId;
  for (const scope of [A, B]) expect(await two.get([action], { scope })).toEqual(["shared"]);
});

test("an output that two projects look up is fetched once", async () => {
  const [entry] = await one.put(["shared"], { scope: A });
  await one.put(["shared", "other"], { scope: B });
  const transfer = transferOf(two);
  const remotes = [two.session({ scope: A, transfer }), two.session({ scope: B, transfer })];
  const found = await Promise.all(remotes.map((remote) => remote.get(entry?.actionId ?? "")));
  expect(found.map((each) => each?.outputId)).toEqual([entry?.outputId, entry?.outputId]);
  expect(two.counters.get("prefetch_outputs")).toBe(
    1 + Number(two.local.findOutput(one.entry("other").outputId) !== undefined),
  );
});

test("a remote that lives on finds its own uploads, and uploads later puts", async () => {
  const remote = one.session({ scope: A, transfer: transferOf(one) });
  const first = one.entry("first");
  remote.put(first);
  expect(remote.isDirty).toBe(true);
  await remote.store();
  expect(remote.isDirty).toBe(false);
  await Bun.file(first.path).delete();
  expect((await remote.get(first.actionId))?.outputId).toBe(first.outputId);
  remote.put(one.entry("second"));
  await remote.store();
  expect(await two.get([first.actionId, one.entry("second").actionId], { scope: A })).toEqual([
    "first",
    "second",
  ]);
});

async function removePacks(): Promise<void> {
  for (const key of bucket.objects.filter((object) => object.includes("/pack/"))) await bucket.remove(key);
}

test("the next put uploads an output of a missing pack again, and lookups find it", async () => {
  const remote = one.session({ scope: A, transfer: transferOf(one) });
  const entry = one.entry("hello");
  remote.put(entry);
  await remote.store();
  await removePacks();
  await Bun.file(entry.path).delete();
  expect(await remote.get(entry.actionId)).toBeUndefined();
  remote.put(one.entry("hello"));
  await remote.store();
  expect(await two.get([entry.actionId], { scope: A })).toEqual(["hello"]);
  await Bun.file(entry.path).delete();
  expect((await remote.get(entry.actionId))?.outputId).toBe(entry.outputId);
});

test("the outputs of a pack that one project finds missing are uploaded again from all local copies", async () => {
  const transfer = transferOf(one);
  const remotes = [A, B].map((scope) => one.session({ scope, transfer }));
  const [inA, inB] = remotes as [PackedRemote, PackedRemote];
  const [kept, lost] = ["kept", "lost"].map((text) => one.entry(text)) as [LocalEntry, LocalEntry];
  for (const remote of remotes) for (const entry of [kept, lost]) remote.put(entry);
  for (const remote of remotes) await remote.store();
  await removePacks();
  await Bun.file(lost.path).delete();
  expect(await inA.get(lost.actionId)).toBeUndefined();
  expect(inB.isDirty).toBe(true);
  await inB.store();
  expect(inB.isDirty).toBe(false);
  expect(await two.get([kept.actionId], { scope: B })).toEqual(["kept"]);
});

test("a remote that is opened later does not reference a pack known to be missing", async () => {
  const transfer = transferOf(one);
  const first = one.session({ scope: A, transfer });
  const [kept, lost] = ["kept", "lost"].map((text) => one.entry(text)) as [LocalEntry, LocalEntry];
  for (const entry of [kept, lost]) first.put(entry);
  await first.store();
  await removePacks();
  await Bun.file(lost.path).delete();
  expect(await first.get(lost.actionId)).toBeUndefined();
  first.retire();
  const later = one.session({ scope: A, transfer });
  later.used(one.known("kept"));
  await later.store();
  expect(await two.get([kept.actionId], { scope: A })).toEqual(["kept"]);
});

test("a remote that ends does not affect the others of the transfer", async () => {
  const [entry] = await two.put(["hello"], { scope: B });
  const transfer = transferOf(one);
  const gone = one.session({ scope: A, transfer });
  const stays = one.session({ scope: B, transfer });
  gone.put(one.entry("left"));
  gone.retire();
  expect((await stays.get(entry?.actionId ?? ""))?.outputId).toBe(entry?.outputId);
  await end(stays);
});
