/** Remotes of several scopes that share what moves bytes, as those of a server do. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { PackedTransfer } from "../../../src/remote/packed/packed-transfer.ts";
import { LocalDir } from "../../../src/store/local-dir.ts";
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

function transferOf({ dir, local, counters, log }: Machine): PackedTransfer {
  return new PackedTransfer({
    store: bucket.store,
    prefix: bucket.prefix,
    local,
    concurrency: 4,
    timeoutMs: 60_000,
    stateDir: join(dir.path, "state", "packed"),
    healthPath: join(dir.path, "state", "remote.json"),
    createTemp: () => new LocalDir(dir.path).createTemp(),
    counters,
    log,
  });
}

test("an output that two projects put lies in one pack, and both find it", async () => {
  const transfer = transferOf(one);
  const remotes = [one.session({ scope: A, transfer }), one.session({ scope: B, transfer })];
  for (const remote of remotes) remote.put(one.entry("shared"));
  await Promise.all(remotes.map((remote) => remote.store()));
  expect(putKinds(bucket).filter((kind) => kind === "pack")).toEqual(["pack"]);
  const action = one.entry("shared").actionId;
  for (const scope of [A, B]) expect(await two.get([action], { scope })).toEqual(["shared"]);
});

test("an output that two projects want is fetched once", async () => {
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

test("one that lives on finds what it has stored itself, and stores what comes later", async () => {
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

test("one that is let go of leaves the others what they share", async () => {
  const [entry] = await two.put(["hello"], { scope: B });
  const transfer = transferOf(one);
  const gone = one.session({ scope: A, transfer });
  const stays = one.session({ scope: B, transfer });
  gone.put(one.entry("left"));
  gone.retire();
  expect((await stays.get(entry?.actionId ?? ""))?.outputId).toBe(entry?.outputId);
  await end(stays);
});
