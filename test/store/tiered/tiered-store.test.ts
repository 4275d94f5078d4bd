import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { S3Error } from "../../../src/s3/s3-error.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { Journal } from "../../../src/store/upload/journal.ts";
import { NAMES } from "../../../src/store/upload/upload-queue.ts";
import { sha256Hex } from "../../support/ids.ts";
import { testOnPosix } from "../../support/platform.ts";
import { keepText, tieredMachines } from "./tiered-fixture.ts";

/** A test vector of tailscale/go-cache-plugin: the path of `fizzlepug`. */
const NAME = "fizzlepug";
const HASH = "160db4d719252162c87a9169e26deda33d2340770d0d540fd4c580c55008b2d6";

const isText = (text: string) => (path: string) => readFileSync(path, "utf8") === text;

test("uses the paths of tailscale/go-cache-plugin, locally and in the bucket", async () => {
  using machines = tieredMachines();
  const { store, root } = machines.open("one");
  keepText(store, NAME, "hello");
  await store.drain(60_000);
  expect(readFileSync(`${root}/module/16/${HASH}`, "utf8")).toBe("hello");
  expect(readFileSync(machines.dir.join(`bucket/team/module/16/${HASH}`), "utf8")).toBe("hello");
  expect(readdirSync(`${root}/state/uploads`)).toEqual([]);
});

test("fetches another machine's file once for concurrent callers", async () => {
  using machines = tieredMachines();
  const one = machines.open("one");
  keepText(one.store, NAME, "hello");
  await one.store.drain(60_000);
  const two = machines.open("two");
  const found = await Promise.all([1, 2, 3].map(() => two.store.fetch(NAME, isText("hello"))));
  expect(new Set(found.map((file) => file?.path))).toEqual(new Set([`${two.root}/module/16/${HASH}`]));
  expect(await two.store.fetch(NAME)).toMatchObject({ sizeBytes: 5 });
  expect(two.counters.snapshot()).toEqual({
    get_fault_bytes: 5,
    get_fault_hit: 1,
    get_local_hit: 1,
    get_local_miss: 3,
  });
});

test("says the SHA-256 of what has come from the bucket, and none of what lies on the disk", async () => {
  using machines = tieredMachines();
  const one = machines.open("one");
  keepText(one.store, NAME, "hello");
  await one.store.drain(60_000);
  const sums: (string | undefined)[] = [];
  const note = (_path: string, sha256?: string) => {
    sums.push(sha256);
    return true;
  };
  await machines.open("two").store.fetch(NAME, note);
  await machines.open("two").store.fetchLocal(NAME, note);
  expect(sums).toEqual([sha256Hex("hello"), undefined]);
});

test("rejects files from the bucket that fail the check", async () => {
  using machines = tieredMachines();
  const one = machines.open("one");
  keepText(one.store, NAME, "wrong");
  await one.store.drain(60_000);
  const two = machines.open("two");
  expect(await two.store.fetch(NAME, isText("hello"))).toBeUndefined();
  expect(existsSync(`${two.root}/module/16/${HASH}`)).toBe(false);
  expect(readdirSync(`${two.root}/tmp`)).toEqual([]);
  keepText(two.store, NAME, "hello");
  await two.store.drain(60_000);
  expect(readFileSync(machines.dir.join(`bucket/team/module/16/${HASH}`), "utf8")).toBe("hello");
});

test("removes a local file that fails the check, and fetches a good one from the bucket", async () => {
  using machines = tieredMachines();
  const { store, root, counters } = machines.open("one");
  keepText(store, NAME, "hello");
  await store.drain(60_000);
  writeFileSync(`${root}/module/16/${HASH}`, "corrupt");
  expect(await store.fetch(NAME, isText("hello"))).toMatchObject({ sizeBytes: 5 });
  expect(readFileSync(`${root}/module/16/${HASH}`, "utf8")).toBe("hello");
  expect(counters.get("get_local_bad")).toBe(1);
});

test("checks a local file once, and again after a write in place", async () => {
  using machines = tieredMachines();
  const { store, root } = machines.open("one", { readOnly: true });
  mkdirSync(dirname(`${root}/module/16/${HASH}`), { recursive: true });
  writeFileSync(`${root}/module/16/${HASH}`, "hello");
  const checked: string[] = [];
  const check = (path: string) => checked.push(readFileSync(path, "utf8")) > 0;
  await store.fetch(NAME, check);
  await store.fetch(NAME, check);
  expect(checked).toEqual(["hello"]);
  writeFileSync(`${root}/module/16/${HASH}`, "HELLO");
  utimesSync(`${root}/module/16/${HASH}`, new Date(), new Date(Date.now() - 1000));
  await store.fetch(NAME, check);
  expect(checked).toEqual(["hello", "HELLO"]);
});

test("records uses to the hour", async () => {
  using machines = tieredMachines();
  const { store, root } = machines.open("one", { readOnly: true });
  const path = `${root}/module/16/${HASH}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "hello");
  const longAgo = new Date(Date.now() - 7_200_000);
  utimesSync(path, longAgo, longAgo);
  let checks = 0;
  const check = () => ++checks > 0;
  await store.fetch(NAME, check);
  expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
  await store.fetch(NAME, check);
  expect(checks).toBe(1);
});

test("a failing bucket is a miss, and three failures in a row disable it", async () => {
  using machines = tieredMachines();
  let gets = 0;
  const broken = new Proxy(machines.bucket, {
    get: (target, key) =>
      key === "get" ? () => Promise.reject(new Error(`no. ${++gets}`)) : Reflect.get(target, key),
  }) as ObjectStore;
  const { store } = machines.open("one", { store: broken });
  for (let n = 0; n < 5; n++) expect(await store.fetch(`${NAME}${n}`)).toBeUndefined();
  expect(gets).toBe(3);
});

test("uploads nothing if the bucket is read-only or mayUpload returns false", async () => {
  using machines = tieredMachines();
  const reader = machines.open("one", { readOnly: true });
  keepText(reader.store, NAME, "hello");
  await reader.store.drain(60_000);
  const picky = machines.open("two", { mayUpload: async (name) => name !== NAME });
  keepText(picky.store, NAME, "hello");
  keepText(picky.store, "wanted", "hello");
  keepText(picky.store, "local", "hello", false);
  await picky.store.drain(60_000);
  expect(picky.counters.get("put_s3")).toBe(1);
  expect(existsSync(machines.dir.join(`bucket/team/module/16/${HASH}`))).toBe(false);
});

test("the next process adopts the uploads of a dead one", async () => {
  using machines = tieredMachines();
  const child = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await child.exited;
  const { store, root } = machines.open("one", { readOnly: true });
  keepText(store, NAME, "hello");
  const { pidSpace } = await import("../../../src/lib/process/process-life.ts");
  mkdirSync(`${root}/state/uploads`, { recursive: true });
  const journal = `${root}/state/uploads/${child.pid}-x`;
  writeFileSync(journal, `{"pidSpace":${JSON.stringify(pidSpace())}}\n"${NAME}"\n"gone"\nnonsense\n"cut o`);
  const next = machines.open("one");
  expect(next.store.adoptUploads()).toBe(2);
  await next.store.drain(60_000);
  expect(readFileSync(machines.dir.join(`bucket/team/module/16/${HASH}`), "utf8")).toBe("hello");
  expect(readdirSync(`${root}/state/uploads`)).toEqual([]);
});

test("keeps failed uploads in the journal", async () => {
  using machines = tieredMachines();
  const broken = new Proxy(machines.bucket, {
    get: (target, key) => (key === "put" ? () => Promise.reject(new Error("no")) : Reflect.get(target, key)),
  }) as ObjectStore;
  const { store, root } = machines.open("one", { store: broken });
  keepText(store, NAME, "hello");
  await store.drain(60_000);
  const [journal = ""] = readdirSync(`${root}/state/uploads`);
  expect(readFileSync(`${root}/state/uploads/${journal}`, "utf8")).toEndWith(`\n"${NAME}"\n`);
});

test.each<[code: string, journals: number, status?: number]>([
  ["InvalidAccessKeyId", 1, 403],
  ["NoCredentials", 1],
  ["AccessDenied", 0, 403],
])("an upload that fails with %s leaves %p journals", async (code, journals, status) => {
  using machines = tieredMachines();
  const failure = new S3Error({ operation: "put", bucket: "b" }, { status, code, isExplained: true });
  const refusing = new Proxy(machines.bucket, {
    get: (target, key) => (key === "put" ? () => Promise.reject(failure) : Reflect.get(target, key)),
  }) as ObjectStore;
  const { store, root } = machines.open("one", { store: refusing });
  keepText(store, NAME, "hello");
  await store.drain(1000);
  expect(readdirSync(`${root}/state/uploads`)).toHaveLength(journals);
});

test("works without a bucket", async () => {
  using machines = tieredMachines();
  const { TieredStore } = await import("../../../src/store/tiered/tiered-store.ts");
  const { LocalDir } = await import("../../../src/store/local/local-dir.ts");
  const { log } = await import("../guard/health-fixture.ts").then(({ openHealth }) =>
    openHealth("/dev/null"),
  );
  const dir = new LocalDir(machines.dir.join("alone"));
  const store = new TieredStore({ dir, kind: "module", remote: undefined, log, count: () => {} });
  expect(await store.fetch(NAME)).toBeUndefined();
  keepText(store, NAME, "hello");
  expect(await store.fetch(NAME)).toMatchObject({ sizeBytes: 5 });
  store.remove(NAME);
  expect(store.find(NAME)).toBeUndefined();
});

test("an object above the size limit is not read", async () => {
  using machines = tieredMachines();
  const one = machines.open("one");
  keepText(one.store, NAME, "hello");
  await one.store.drain(60_000);
  const [small, large] = [4, 5].map((maxBytes) => machines.open(`limit-${maxBytes}`, {}, maxBytes));
  expect([await small?.store.fetch(NAME), await large?.store.fetch(NAME)]).toEqual([
    undefined,
    expect.objectContaining({ sizeBytes: 5 }),
  ]);
  expect(small?.counters.snapshot()).toEqual({ get_fault_miss: 1, get_local_miss: 1 });
});

testOnPosix("a link in place of a file is not followed", async () => {
  using machines = tieredMachines();
  const { store, root } = machines.open("one");
  writeFileSync(machines.dir.join("elsewhere"), "theirs");
  mkdirSync(`${root}/module/16`, { recursive: true });
  symlinkSync(machines.dir.join("elsewhere"), `${root}/module/16/${HASH}`);
  expect([store.find(NAME), await store.fetch(NAME)]).toEqual([undefined, undefined]);
  keepText(store, NAME, "hello", false);
  expect([
    readFileSync(`${root}/module/16/${HASH}`, "utf8"),
    readFileSync(machines.dir.join("elsewhere"), "utf8"),
  ]).toEqual(["hello", "theirs"]);
});

testOnPosix("upload journals are bounded and private, and other files stay unchanged", async () => {
  using machines = tieredMachines();
  const dir = machines.dir.join("uploads");
  mkdirSync(dir);
  const old = Date.now() / 1000 - 30 * 86_400;
  for (const [name, sizeBytes] of [
    ["999999999-a", (64 << 20) + 1],
    ["notes.txt", 1],
  ] as const) {
    writeFileSync(`${dir}/${name}`, '{}\n"a"\n');
    truncateSync(`${dir}/${name}`, sizeBytes);
    if (name === "notes.txt") utimesSync(`${dir}/${name}`, old, old);
  }
  const journal = new Journal({ dir, head: {}, format: NAMES });
  expect(journal.adopt()).toEqual([]);
  journal.append([NAME]);
  const own = readdirSync(dir).find((name) => name.startsWith(`${process.pid}-`)) ?? "";
  expect((statSync(`${dir}/${own}`).mode & 0o777).toString(8)).toBe("600");
  journal.discard();
  expect(readdirSync(dir).sort()).toEqual(["999999999-a", "notes.txt"]);
});
