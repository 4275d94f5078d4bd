import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { pathToFileURL } from "node:url";
import { describeError } from "../../../src/lib/text/describe-error.ts";
import { DirectoryStore } from "../../../src/store/directory/directory-store.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { run } from "../../support/process.ts";
import { rejection } from "../../support/rejection.ts";
import { describeStoreContract } from "../../support/store-contract.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

describeStoreContract("DirectoryStore", async () => {
  const dir = tempDir("store");
  const store = new DirectoryStore(dir.join("made-later"));
  return { store, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
});

const HELLO = new TextEncoder().encode("hello");
const WORK_DIR = ".go-cache-plugin";

let dir: TempDir;
let store: DirectoryStore;
beforeEach(() => {
  dir = tempDir("store");
  mkdirSync(dir.join("root"));
  store = new DirectoryStore(dir.join("root"));
});
afterEach(() => dir[Symbol.asyncDispose]());

function inMount(name: string): string {
  mkdirSync(dir.join("mount"));
  return dir.join("mount", name);
}

async function listedKeys(prefix = ""): Promise<string[]> {
  const pages = await Array.fromAsync(store.list(prefix));
  return pages.flatMap((page) => page.objects.map((object) => object.key));
}

describe("a key is rejected", () => {
  test.each([
    ["with an empty part", "a//b"],
    ["with a slash at its end", "a/"],
    ["that is empty", ""],
    ["with a NUL", "a\0b"],
    ["with half a character", "a\ud800"],
    ["with a part of 256 bytes", `a/${"ä".repeat(128)}`],
    ["in the work directory", `${WORK_DIR}/x`],
    ["in the work directory, spelled differently", ".Go-Cache-Plugin/x"],
  ])("%s", async (_, key) => {
    expect(String(((await rejection(store.put(key, HELLO))) as Error).cause)).toContain(
      "a directory can't hold the key",
    );
    expect(await rejection(store.get(key))).toBeInstanceOf(Error);
    expect(readdirSync(dir.join("root"))).toEqual([]);
  });

  test("below an object, with the reason", async () => {
    await store.put("a", HELLO);
    const error = (await rejection(store.put("a/b", HELLO))) as Error;
    expect(String(error.cause)).toContain("is an object, so nothing can lie below it");
    expect([await store.get("a/b"), await store.head("a/b")]).toEqual([undefined, undefined]);
    expect(await store.delete("a/b")).toBeUndefined();
  });

  test("with other objects below it, with the reason", async () => {
    await store.put("a/b", HELLO);
    const error = (await rejection(store.put("a", HELLO))) as Error;
    expect(String(error.cause)).toContain("is a directory with other objects in it");
    expect([await store.get("a"), await store.head("a"), await listedKeys()]).toEqual([
      undefined,
      undefined,
      ["a/b"],
    ]);
    await store.delete("a");
    expect(await listedKeys()).toEqual(["a/b"]);
  });
});

describe("a symbolic link", () => {
  beforeEach(() => {
    mkdirSync(dir.join("outside"));
    writeFileSync(dir.join("outside", "secret"), "secret");
  });

  testOnPosix("to a file is not an object", async () => {
    symlinkSync(dir.join("outside", "secret"), dir.join("root", "link"));
    expect([await store.get("link"), await store.head("link"), await listedKeys()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    await store.delete("link");
    expect(existsSync(dir.join("outside", "secret"))).toBe(true);
  });

  testOnPosix("to a file is replaced by a put, and the file is not", async () => {
    symlinkSync(dir.join("outside", "secret"), dir.join("root", "link"));
    await store.put("link", HELLO);
    expect(readFileSync(dir.join("outside", "secret"), "utf8")).toBe("secret");
    expect((await store.head("link"))?.sizeBytes).toBe(5);
  });

  testOnPosix("to a directory is not followed", async () => {
    symlinkSync(dir.join("outside"), dir.join("root", "link"));
    expect([await store.get("link/secret"), await listedKeys(), await listedKeys("link/")]).toEqual([
      undefined,
      [],
      [],
    ]);
    await store.delete("link/secret");
    expect(String(((await rejection(store.put("link/new/x", HELLO))) as Error).cause)).toContain(
      "a symbolic link",
    );
    expect(readdirSync(dir.join("outside"))).toEqual(["secret"]);
  });

  testOnPosix("in place of the work directory is not followed", async () => {
    symlinkSync(dir.join("outside"), dir.join("root", WORK_DIR));
    expect(await rejection(store.put("key", HELLO))).toBeInstanceOf(Error);
    expect(readdirSync(dir.join("outside"))).toEqual(["secret"]);
  });

  testOnPosix("may be the directory itself", async () => {
    symlinkSync(dir.join("root"), dir.join("alias"));
    const alias = new DirectoryStore(dir.join("alias"));
    await alias.put("a/b", HELLO);
    expect(await listedKeys()).toEqual(["a/b"]);
  });
});

describe("a special file", () => {
  testOnPosix("is not an object and blocks no operation", async () => {
    await run(["mkfifo", dir.join("root", "pipe")]);
    expect([await store.get("pipe"), await store.head("pipe"), await listedKeys()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });
});

describe("the directory", () => {
  test("contains only each object's file and the empty work directory", async () => {
    await store.put("team/action/ab/abcd", HELLO);
    await store.put("team/action/ab/abcd", HELLO, { onlyIf: "absent" });
    const etag = (await store.head("team/action/ab/abcd"))?.etag ?? "";
    await store.put("team/action/ab/abcd", HELLO, { onlyIf: { etag } });
    await rejection(store.put("team/x", { path: dir.join("missing"), sizeBytes: 1 }));
    expect(readdirSync(dir.join("root"), { recursive: true }).sort()).toEqual([
      WORK_DIR,
      "team",
      "team/action",
      "team/action/ab",
      "team/action/ab/abcd",
    ]);
    expect(readFileSync(dir.join("root/team/action/ab/abcd"), "utf8")).toBe("hello");
  });

  test("is created by the first put, not earlier", async () => {
    const later = new DirectoryStore(dir.join("x"));
    await Array.fromAsync(later.list(""));
    await later.get("key");
    await later.delete("key");
    expect(existsSync(dir.join("x"))).toBe(false);
    await later.put("key", HELLO);
    expect(existsSync(dir.join("x", "key"))).toBe(true);
  });

  /** Every request on a bucket at `mount/cache` fails with one reason, and makes nothing. */
  async function expectNoDirectory(missing: string): Promise<void> {
    const before = readdirSync(dir.path, { recursive: true });
    const unmounted = new DirectoryStore(dir.join("mount", "cache"));
    for (const request of [
      () => unmounted.get("key"),
      () => unmounted.head("key"),
      () => Array.fromAsync(unmounted.list("")),
      () => unmounted.put("key", HELLO),
      () => unmounted.delete("key"),
    ])
      expect(describeError(await rejection(request()))).toEndWith(
        `there is no directory ${dir.join(missing)}, so a mount may be missing`,
      );
    expect(readdirSync(dir.path, { recursive: true })).toEqual(before);
  }

  test("is not created if its parent is missing, like an absent mount", () => expectNoDirectory("mount"));

  testOnPosix.each<[string, string, () => void]>([
    ["its parent is a file", "mount", () => writeFileSync(dir.join("mount"), "")],
    ["a file is in its place", "mount/cache", () => writeFileSync(inMount("cache"), "")],
    ["a link that leads nowhere is", "mount/cache", () => symlinkSync(dir.join("x"), inMount("cache"))],
  ])("is not created if %s", async (_, missing, arrange) => {
    arrange();
    await expectNoDirectory(missing);
  });

  test("may be removed and created again", async () => {
    await store.put("a/b", HELLO);
    rmSync(dir.join("root"), { recursive: true });
    expect(await store.get("a/b")).toBeUndefined();
    expect(await store.put("a/b", HELLO)).toBe("stored");
  });

  test("loses leftovers of dead processes in the work directory", async () => {
    mkdirSync(dir.join("root", WORK_DIR));
    writeFileSync(dir.join("root", WORK_DIR, "old"), "x");
    writeFileSync(dir.join("root", WORK_DIR, "new"), "x");
    const longAgo = Date.now() / 1000 - 2 * 86_400;
    utimesSync(dir.join("root", WORK_DIR, "old"), longAgo, longAgo);
    await store.put("key", HELLO);
    expect(readdirSync(dir.join("root", WORK_DIR))).toEqual(["new"]);
  });

  test("that is read-only fails with its name", async () => {
    writeFileSync(dir.join("file"), "");
    const blocked = new DirectoryStore(dir.join("file"));
    expect(String(await rejection(blocked.put("key", HELLO)))).toContain(
      `put ${pathToFileURL(dir.join("file", "key")).href}`,
    );
  });
});

describe("of many concurrent writers", () => {
  const writers = Array.from({ length: 12 }, (_, i) => new TextEncoder().encode(`writer ${i}`));

  test("exactly one creates an absent object", async () => {
    const results = await Promise.all(writers.map((body) => store.put("key", body, { onlyIf: "absent" })));
    expect(results.filter((result) => result === "stored").length).toBe(1);
  });

  test("exactly one replaces the object that has the etag", async () => {
    await store.put("key", HELLO);
    const etag = (await store.head("key"))?.etag ?? "";
    const results = await Promise.all(writers.map((body) => store.put("key", body, { onlyIf: { etag } })));
    expect(results.filter((result) => result === "stored").length).toBe(1);
    expect(readdirSync(dir.join("root", WORK_DIR))).toEqual([]);
  });

  test("none is blocked by the lock of a dead one", async () => {
    await store.put("key", HELLO);
    const etag = (await store.head("key"))?.etag ?? "";
    const name = new Bun.CryptoHasher("sha1").update(dir.join("root", "key")).digest("hex");
    const lock = dir.join("root", WORK_DIR, `${name}.lock`);
    writeFileSync(lock, "");
    utimesSync(lock, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
    expect(await store.put("key", HELLO, { onlyIf: { etag } })).toBe("stored");
  });

  test("one that waits for a lock can be aborted", async () => {
    await store.put("key", HELLO);
    const etag = (await store.head("key"))?.etag ?? "";
    const name = new Bun.CryptoHasher("sha1").update(dir.join("root", "key")).digest("hex");
    writeFileSync(dir.join("root", WORK_DIR, `${name}.lock`), "");
    const controller = new AbortController();
    const put = rejection(store.put("key", HELLO, { onlyIf: { etag }, signal: controller.signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await put).toBe(reason);
  });
});

describe("a body", () => {
  test("of a file that is truncated while it is read errors", async () => {
    await store.put("key", new Uint8Array(4 << 20));
    const object = await store.get("key");
    const reader = object?.body.getReader();
    await reader?.read();
    truncateSync(dir.join("root", "key"), 1000);
    const rest = (async () => {
      while (!(await reader?.read())?.done);
    })();
    expect(String(await rejection(rest))).toContain("key ends at");
  });

  test("is the opened object's, even if the object is replaced meanwhile", async () => {
    await store.put("key", new Uint8Array(1 << 20).fill(1));
    const object = await store.get("key");
    await store.put("key", new Uint8Array(1 << 20).fill(2));
    expect(new Set(await new Response(object?.body).bytes())).toEqual(new Set([1]));
  });

  testOnPosix("closes its file after its end, a cancel or an abort", async () => {
    await store.put("key", new Uint8Array(1 << 20));
    const opened = () => readdirSync("/dev/fd").length;
    const atFirst = opened();
    for (let i = 0; i < 30; i++) {
      const controller = new AbortController();
      const { signal } = controller;
      await new Response((await store.get("key"))?.body).bytes();
      await (await store.get("key"))?.body.cancel();
      const abandoned = await store.get("key", { signal });
      controller.abort();
      expect(abandoned).toBeDefined();
    }
    expect(opened()).toBeLessThan(atFirst + 20);
  });
});

describe("with this machine's clock twenty days ahead", () => {
  beforeEach(() => setSystemTime(new Date(Date.now() + 20 * 24 * 3_600_000)));
  afterEach(() => setSystemTime());

  test("a listing has the file system's time", async () => {
    await store.put("a", HELLO);
    const [page] = await Array.fromAsync(store.list(""));
    const modifiedMs = page?.objects[0]?.modifiedMs ?? Number.NaN;
    expect(Math.abs((page?.serverTimeMs ?? Number.NaN) - modifiedMs)).toBeLessThan(24 * 3_600_000);
    expect(readdirSync(dir.join("root", WORK_DIR))).toEqual([]);
  });

  test("temporary files of other writers stay", async () => {
    mkdirSync(dir.join("root", WORK_DIR));
    writeFileSync(dir.join("root", WORK_DIR, "others"), "x");
    await store.put("a", HELLO);
    expect(readdirSync(dir.join("root", WORK_DIR))).toEqual(["others"]);
  });
});

testOnLinux("a listing of a read-only directory has the local clock's time", async () => {
  await store.put("a", HELLO);
  rmSync(dir.join("root", WORK_DIR), { recursive: true });
  using _closed = immutable(dir.join("root"));
  const [page] = await Array.fromAsync(new DirectoryStore(dir.join("root")).list(""));
  expect([page?.objects.length, typeof page?.serverTimeMs]).toEqual([1, "number"]);
});
