/** Sessions that go does not wait for: they know all that was used at once. */
import { expect, test } from "bun:test";
import type { PackedRemote } from "../../../src/remote/packed/packed-remote.ts";
import { parseRunName } from "../../../src/remote/runs/run-names.ts";
import { untilAborted } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { rejection } from "../../support/rejection.ts";
import { noise } from "../../support/seed.ts";
import { DENIED, failGets, failLists } from "./failing-store.ts";
import { Machine } from "./packed-fixture.ts";
import { StockedBucket } from "./stocked-bucket.ts";

function open() {
  const bucket = new StockedBucket();
  const [one, two] = [new Machine(bucket, "m1"), new Machine(bucket, "m2")];
  const dispose = () => {
    for (const part of [one, two, bucket]) part[Symbol.dispose]();
  };
  return { bucket, one, two, [Symbol.dispose]: dispose };
}

async function prefetchAll(session: PackedRemote) {
  await session.refresh();
  return await session.prefetchAll();
}

const runs = ({ store }: StockedBucket) =>
  store.calls.flatMap((call) =>
    call.startsWith("put ") && call.includes("/run/") ? [parseRunName(call)] : [],
  );

test("an action is known once a record with it is read", async () => {
  using team = open();
  const [hello] = await team.one.put(["hello"]);
  const session = team.two.session();
  const ids = [hello?.actionId ?? "", team.two.known("world")];
  expect(ids.map((id) => session.knows(id))).toEqual([false, false]);
  await session.readRecords();
  expect(ids.map((id) => session.knows(id))).toEqual([true, false]);
});

test("without access to the bucket, its refusal says why no records are known", async () => {
  using team = open();
  failLists(team.bucket.store, DENIED);
  expect(await rejection(team.two.session().readRecords())).toBe(DENIED);
});

test.each([true, false])("all is uploaded with its names; the run has ended: %j", async (isComplete) => {
  using team = open();
  const session = team.one.session({ hasJournal: false });
  await session.readRecords();
  session.put({ ...team.one.entry("program"), executable: "greet" });
  session.put(team.one.entry("data"));
  expect(filesBelow(team.one.dir.join("state")).filter((name) => name.includes("journal"))).toEqual([]);
  expect([await session.finish(isComplete), session.uploadFailure]).toEqual([true, undefined]);
  expect(runs(team.bucket).at(-1)).toMatchObject({ entries: 2, hasEnded: isComplete });
  const created: (string | undefined)[] = [];
  const local = {
    findOutput: (id: string) => team.two.local.findOutput(id),
    get: (id: string) => team.two.local.get(id),
    has: (id: string) => team.two.local.has(id),
    putRecord: (...args: Parameters<Machine["local"]["putRecord"]>) => team.two.local.putRecord(...args),
    createOutput: (id: string, executable?: string) => {
      created.push(executable);
      return team.two.local.createOutput(id);
    },
  };
  await team.two.session({ readOnly: true, local }).prefetch();
  expect(new Set(created)).toEqual(new Set(["greet", undefined]));
});

test("after the drain's limit the rest is given up", async () => {
  using team = open();
  team.bucket.store.onPut = async (_, __, signal) => await untilAborted(signal);
  const session = team.one.session({ hasJournal: false, drainTimeoutMs: 50 });
  session.put(team.one.entry("hello"));
  expect(await session.finish(true)).toBe(false);
  expect([session.waiting, String(session.uploadFailure)]).toEqual([1, "Error: --drain-timeout was over"]);
});

test("a session that may not write has nothing to upload", async () => {
  using team = open();
  expect(await team.one.session({ readOnly: true }).finish(true)).toBe(true);
});

test("what a prefetch of all could not fetch is counted", async () => {
  using team = open();
  await team.one.put(["hello", "world"]);
  failGets(team.bucket.store, "/pack/");
  const count = await prefetchAll(team.two.session({ readOnly: true }));
  expect(count).toEqual({ records: 1, entries: 2, missing: 2, failure: expect.any(Error) });
});

test("an entry that several records name is counted once", async () => {
  using team = open();
  // Neither run counts as complete, so both are read.
  for (const [machine, texts] of [
    [team.one, ["hello", "world"]],
    [team.two, ["hello", "moon"]],
  ] as const) {
    const session = machine.session({ hasJournal: false });
    for (const text of texts) session.put(machine.entry(text));
    await session.finish(false);
  }
  using three = new Machine(team.bucket, "m3");
  const all = { records: 2, entries: 3, missing: 0, failure: undefined };
  expect(await prefetchAll(three.session({ readOnly: true }))).toEqual(all);
  failGets(team.bucket.store, "/pack/");
  using four = new Machine(team.bucket, "m4");
  expect(await prefetchAll(four.session({ readOnly: true }))).toEqual({
    ...all,
    missing: 3,
    failure: expect.any(Error),
  });
});

test("a prefetch fetches large outputs only on demand", async () => {
  using team = open();
  const large = noise(9 << 20);
  const session = team.one.session();
  for (const [body, name] of [
    [large, "large"],
    [Buffer.from("small"), "small"],
  ] as const)
    session.put(team.one.entry(body, name));
  await session.finish(true);
  const actionId = team.one.entry(large, "large").actionId;
  expect(await team.two.session({ readOnly: true }).prefetch()).toEqual({ records: 1, entries: 2 });
  expect(team.two.local.get(actionId)).toBeUndefined();
  const all = { records: 1, entries: 2, missing: 0, failure: undefined };
  expect(await prefetchAll(team.two.session({ readOnly: true }))).toEqual(all);
  expect(team.two.local.get(actionId)?.sizeBytes).toBe(large.length);
});

test("of the actions asked for, those are fetched that a record has, the first of each group", async () => {
  using team = open();
  const [one, two, three] = await team.one.put(["one", "two", "three"]);
  const idOf = (entry?: { actionId: string }) => entry?.actionId ?? "";
  const unknown = "0".repeat(64);
  const groups = [[unknown, idOf(two)], [unknown], [idOf(one), idOf(three)]];
  const session = team.two.session({ readOnly: true });
  await session.refresh();
  const found = await session.prefetchActions(groups);
  expect(found).toEqual({ records: 1, found: [idOf(two), idOf(one)], failure: undefined });
  const isThere = (id = "") => team.two.local.findOutput(id) !== undefined;
  expect([one, two, three].map((entry) => isThere(entry?.outputId))).toEqual([true, true, false]);
});

test("of actions that are asked for, a damaged pack is the reason why they are missing", async () => {
  using team = open();
  const [one] = await team.one.put(["one"]);
  for (const key of team.bucket.objects) if (key.includes("/pack/")) await team.bucket.store.delete(key);
  const session = team.two.session({ readOnly: true });
  await session.refresh();
  const { found, failure } = await session.prefetchActions([[one?.actionId ?? ""]]);
  expect([found, String(failure)]).toEqual([[one?.actionId ?? ""], expect.stringContaining("packs")]);
});

test("of actions that are asked for, those count as used lately that the newest run of the job used", async () => {
  using team = open();
  const [one, two] = await team.one.put(["one", "two"], { scope: { run: "1" } });
  const later = team.one.session({ scope: { run: "2" } });
  await later.readRecords();
  later.used(two?.actionId ?? "");
  await later.finish(true);
  const session = team.two.session({ readOnly: true, scope: { run: "3" } });
  await session.refresh();
  const actionIds = ["0".repeat(64), one?.actionId ?? "", two?.actionId ?? ""];
  const used = session.usedLately(actionIds).map(({ actionId }) => actionId);
  expect(used).toContain(two?.actionId ?? "");
  expect(used).not.toContain("0".repeat(64));
  expect(session.putTimeOf(two?.actionId ?? "")).toBe(two?.putTimeMs as number);
  expect(session.putTimeOf("0".repeat(64))).toBeUndefined();
});
