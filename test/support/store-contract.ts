/** The contract of `ObjectStore`: tests that run against every implementation. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { compareUtf8 } from "../../src/lib/text/compare-utf8.ts";
import type { ListOptions, ListPage, ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import { isBeyondEnd } from "../../src/store/store-failure.ts";
import { testOnPosix } from "./platform.ts";
import { rejection } from "./rejection.ts";
import { noise } from "./seed.ts";
import { tempDir } from "./temp-dir.ts";

/** A store that is empty at first, with its resources. */
export interface StoreUnderTest extends AsyncDisposable {
  store: ObjectStore;
}

const MEBIBYTE = 1024 * 1024;

/** Keys with every character that is special in a URL, a query, a shell or a file system. */
const ODD_KEYS = [
  "a blank/two  blanks",
  "plus+and%2Bescaped",
  "100%",
  "hash#fragment",
  "umlaut ä, cyrillic ж, han 漢",
  "emoji 😀/second 🎉",
  ".hidden/..two/...three",
  "UPPER/lower",
  `long/${"x".repeat(200)}/${"y".repeat(200)}`,
];

/** More such keys; Windows refuses file names with these characters. */
const KEYS_WINDOWS_REFUSES = [
  "query?a=b&c=d",
  "quotes'\"`!*()",
  "a;b,c:d@e=f$g~h_i-j",
  "[square]{curly}<angle>|^",
  "back\\slash",
];

export function describeStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let made: StoreUnderTest;
    let store: ObjectStore;
    beforeAll(async () => {
      made = await makeStore();
      store = made.store;
    });
    afterAll(() => made[Symbol.asyncDispose]());

    describe("an absent object", () => {
      test("is undefined in get and head", async () => {
        const key = freshKey();
        expect([await store.get(key), await store.head(key)]).toEqual([undefined, undefined]);
      });

      test("is undefined in a get with a range", async () => {
        expect(await store.get(freshKey(), { range: { offset: 0, length: 1 } })).toBeUndefined();
      });

      test("can be deleted", async () => {
        expect(await store.delete(freshKey())).toBeUndefined();
      });

      test("lists as one page without objects", async () => {
        const pages = await allPages(store, `${freshKey()}/`);
        expect(pages.map((page) => page.objects)).toEqual([[]]);
      });

      test("is not replaced by a put on the condition of an etag", async () => {
        const key = freshKey();
        const result = await store.put(key, bytes("new"), { onlyIf: { etag: '"0123"' } });
        expect([result, await store.get(key)]).toEqual(["refused", undefined]);
      });

      test("stays absent when its body can't be read", async () => {
        await using dir = tempDir("contract");
        const key = freshKey();
        const missing = store.put(
          key,
          { path: dir.join("nothing"), sizeBytes: 5 },
          { sha256: "0".repeat(64) },
        );
        expect(await rejection(missing)).toBeInstanceOf(Error);
        expect(await store.get(key)).toBeUndefined();
      });

      test("stays absent when its body is shorter than announced", async () => {
        await using dir = tempDir("contract");
        const key = freshKey();
        writeFileSync(dir.join("short"), "12345");
        expect(await rejection(store.put(key, { path: dir.join("short"), sizeBytes: 9 }))).toBeInstanceOf(
          Error,
        );
        expect(await store.get(key)).toBeUndefined();
      });
    });

    describe("an aborted call", () => {
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);

      test.each(["get", "head", "delete"] as const)(
        "of %s rejects with the signal's reason",
        async (operation) => {
          expect(await rejection(store[operation](freshKey(), { signal }))).toBe(reason);
        },
      );

      test("of put rejects with the signal's reason and writes nothing", async () => {
        const key = freshKey();
        expect(await rejection(store.put(key, bytes("x"), { signal }))).toBe(reason);
        expect(await store.get(key)).toBeUndefined();
      });

      test("of list rejects with the signal's reason", async () => {
        expect(await rejection(allPages(store, "", { signal }))).toBe(reason);
      });

      test("ends a body that is being read", async () => {
        const key = freshKey();
        await store.put(key, new Uint8Array(64 * MEBIBYTE));
        const controller = new AbortController();
        const object = await stored(store.get(key, { signal: controller.signal }));
        const reader = object.body.getReader();
        await reader.read();
        controller.abort(reason);
        const rest = (async () => {
          while (!(await reader.read()).done);
        })();
        expect(await rejection(rest)).toBe(reason);
      });
    });

    describe("a range", () => {
      test.each([
        [0, 11],
        [10, 1],
        [9, 5],
        [20, 1],
      ])(
        "from %d of %d bytes of 10 rejects, and says that it ends beyond the object",
        async (offset, length) => {
          const key = freshKey();
          await store.put(key, bytes("0123456789"));
          const error = await rejection(store.get(key, { range: { offset, length } }));
          expect([error instanceof Error, isBeyondEnd(error)]).toEqual([true, true]);
        },
      );

      test("of no bytes rejects", async () => {
        const key = freshKey();
        await store.put(key, bytes("0123456789"));
        expect(await rejection(store.get(key, { range: { offset: 2, length: 0 } }))).toBeInstanceOf(
          RangeError,
        );
      });

      test.each([
        [0, 1, "0"],
        [3, 4, "3456"],
        [9, 1, "9"],
        [0, 10, "0123456789"],
      ])("from %d of %d bytes yields %p", async (offset, length, text) => {
        const key = freshKey();
        await store.put(key, bytes("0123456789"));
        const object = await stored(store.get(key, { range: { offset, length } }));
        const { sizeBytes, bodyBytes } = object;
        expect({ sizeBytes, bodyBytes, text: await textOf(object) }).toEqual({
          sizeBytes: 10,
          bodyBytes: length,
          text,
        });
      });
    });

    describe("an object", () => {
      test("comes back with its size, etag and time, the same from get, head and list", async () => {
        const key = freshKey();
        const window = clockWindow();
        expect(await store.put(key, bytes("hello"))).toBe("stored");
        const { body, bodyBytes, ...info } = await stored(store.get(key));
        expect([await new Response(body).text(), bodyBytes, info.sizeBytes]).toEqual(["hello", 5, 5]);
        expect(window.has(info.modifiedMs)).toBe(true);
        const head = await store.head(key);
        const [page] = await allPages(store, key);
        const toSecond = <T extends { modifiedMs: number }>(object: T | undefined) =>
          object && { ...object, modifiedMs: Math.trunc(object.modifiedMs / 1000) };
        expect(toSecond(head)).toEqual(toSecond(info));
        expect(page?.objects.map(toSecond)).toEqual([toSecond({ key, ...info })]);
      });

      test("may be empty", async () => {
        const key = freshKey();
        await store.put(key, new Uint8Array(0));
        const object = await stored(store.get(key));
        expect([object.sizeBytes, object.bodyBytes, await textOf(object)]).toEqual([0, 0, ""]);
      });

      test("may come from an empty file", async () => {
        await using dir = tempDir("contract");
        const key = freshKey();
        writeFileSync(dir.join("empty"), "");
        await store.put(key, { path: dir.join("empty"), sizeBytes: 0 });
        expect(await textOf(await stored(store.get(key)))).toBe("");
      });

      test("of several megabytes from a file comes back byte for byte", async () => {
        await using dir = tempDir("contract");
        const key = freshKey();
        const content = noise(65536);
        const whole = Buffer.concat(Array.from({ length: 100 }, () => content));
        writeFileSync(dir.join("file"), whole);
        await store.put(key, { path: dir.join("file"), sizeBytes: whole.length }, { sha256: sha256(whole) });
        const object = await stored(store.get(key));
        expect(sha256(await new Response(object.body).bytes())).toBe(sha256(whole));
      });

      test("is replaced by another put, with another etag", async () => {
        const key = freshKey();
        await store.put(key, bytes("one"));
        const first = await store.head(key);
        await store.put(key, bytes("two"));
        const second = await stored(store.get(key));
        expect(await textOf(second)).toBe("two");
        expect(second.etag).not.toBe(first?.etag);
      });

      test("is gone after a delete", async () => {
        const key = freshKey();
        await store.put(key, bytes("x"));
        await store.delete(key);
        expect([await store.get(key), await store.head(key)]).toEqual([undefined, undefined]);
      });

      test("is either the old or the new one while it is replaced", async () => {
        const key = freshKey();
        const versions = ["a", "b", "c"].map((letter) => bytes(letter.repeat(200_000)));
        await store.put(key, versions[0] as Uint8Array);
        const writing = (async () => {
          for (let i = 0; i < 12; i++) await store.put(key, versions[i % 3] as Uint8Array);
        })();
        const seen: string[] = [];
        for (let i = 0; i < 12; i++) seen.push(await textOf(await stored(store.get(key))));
        await writing;
        expect(seen.map((text) => [text.length, new Set(text).size])).toEqual(seen.map(() => [200_000, 1]));
      });

      test("with a cancelled body blocks no other call", async () => {
        const key = freshKey();
        await store.put(key, new Uint8Array(8 * MEBIBYTE));
        for (let i = 0; i < 20; i++) await (await stored(store.get(key))).body.cancel();
        expect((await store.head(key))?.sizeBytes).toBe(8 * MEBIBYTE);
      });
    });

    describe("a put on a condition", () => {
      test("for an absent object is refused when there is one", async () => {
        const key = freshKey();
        await store.put(key, bytes("old"));
        expect(await store.put(key, bytes("new"), { onlyIf: "absent" })).toBe("refused");
        expect(await textOf(await stored(store.get(key)))).toBe("old");
      });

      test("for an absent object stores it", async () => {
        const key = freshKey();
        expect(await store.put(key, bytes("new"), { onlyIf: "absent" })).toBe("stored");
        expect(await textOf(await stored(store.get(key)))).toBe("new");
      });

      test("for an etag is refused once the object has another", async () => {
        const key = freshKey();
        await store.put(key, bytes("one"));
        const etag = (await store.head(key))?.etag ?? "";
        await store.put(key, bytes("two"));
        expect(await store.put(key, bytes("three"), { onlyIf: { etag } })).toBe("refused");
        expect(await textOf(await stored(store.get(key)))).toBe("two");
      });

      test("for an etag replaces the object that has it", async () => {
        const key = freshKey();
        await store.put(key, bytes("one"));
        const etag = (await store.head(key))?.etag ?? "";
        expect(await store.put(key, bytes("two"), { onlyIf: { etag } })).toBe("stored");
        expect(await textOf(await stored(store.get(key)))).toBe("two");
      });
    });

    describe("a key", () => {
      const works = async (odd: string) => {
        const prefix = freshKey();
        const key = `${prefix}/${odd}`;
        await store.put(key, bytes(odd));
        const read = await textOf(await stored(store.get(key)));
        const [page] = await allPages(store, key);
        const sizeBytes = (await store.head(key))?.sizeBytes;
        await store.delete(key);
        expect({ read, listed: page?.objects.map((object) => object.key), sizeBytes }).toEqual({
          read: odd,
          listed: [key],
          sizeBytes: bytes(odd).length,
        });
        expect(await store.get(key)).toBeUndefined();
      };
      test.each(ODD_KEYS)("%s works in every operation", works);
      testOnPosix.each(KEYS_WINDOWS_REFUSES)("%s works in every operation", works);

      test.each(["../up", "a/../b", "a/./b", ".", "a/..", "/rooted", ""])(
        "%s is refused by name",
        async (key) => {
          const failures = [
            await rejection(store.get(key)),
            await rejection(store.head(key)),
            await rejection(store.put(key, bytes("x"))),
            await rejection(store.delete(key)),
          ];
          expect(failures.map((error) => String(error).includes(key))).toEqual([true, true, true, true]);
        },
      );
    });

    describe("a listing", () => {
      test("is in the order of the keys' bytes, unlike directories", async () => {
        const prefix = `${freshKey()}/`;
        const names = [
          "a-b",
          "a/b",
          "a0",
          "a.b/c",
          "a/b-c",
          "é",
          "z",
          "Z",
          "a/b0/c",
          "\u{ff5e}",
          "\u{1f600}",
        ];
        for (const name of names) await store.put(prefix + name, bytes(name));
        const expected = names.map((name) => prefix + name).sort(compareUtf8);
        expect(keysOf(await allPages(store, prefix))).toEqual(expected);
      });

      test("has the keys with the prefix and no others", async () => {
        const base = freshKey();
        for (const name of ["x/a", "x/ab/c", "xy", "y/a"]) await store.put(`${base}/${name}`, bytes("1"));
        expect({
          "x/": keysOf(await allPages(store, `${base}/x/`)),
          x: keysOf(await allPages(store, `${base}/x`)),
          "x/a": keysOf(await allPages(store, `${base}/x/a`)),
          "x/ab/": keysOf(await allPages(store, `${base}/x/ab/`)),
        }).toEqual({
          "x/": [`${base}/x/a`, `${base}/x/ab/c`],
          x: [`${base}/x/a`, `${base}/x/ab/c`, `${base}/xy`],
          "x/a": [`${base}/x/a`, `${base}/x/ab/c`],
          "x/ab/": [`${base}/x/ab/c`],
        });
      });

      test("comes in pages, each key once", async () => {
        const prefix = `${freshKey()}/`;
        const names = Array.from({ length: 7 }, (_, i) => `${prefix}${i % 2 === 0 ? "d/" : ""}k${i}`);
        await Promise.all(names.map((key) => store.put(key, bytes("1"))));
        const pages = await allPages(store, prefix, { pageSize: 3 });
        expect(keysOf(pages)).toEqual(names.sort(compareUtf8));
        expect(pages.every((page) => page.objects.length <= 3)).toBe(true);
      });

      test("starts after the key that is given", async () => {
        const prefix = `${freshKey()}/`;
        for (const name of ["a", "b/c", "b/d", "e"]) await store.put(prefix + name, bytes("1"));
        const after = async (name: string) =>
          keysOf(await allPages(store, prefix, { startAfter: prefix + name, pageSize: 1 })).map((key) =>
            key.slice(prefix.length),
          );
        expect([await after("a"), await after("b/c"), await after("b/cc"), await after("e")]).toEqual([
          ["b/c", "b/d", "e"],
          ["b/d", "e"],
          ["b/d", "e"],
          [],
        ]);
      });

      test("has the store's time", async () => {
        const window = clockWindow();
        const [page] = await allPages(store, freshKey());
        expect(window.has(page?.serverTimeMs ?? 0)).toBe(true);
      });
    });
  });
}

function freshKey(): string {
  return `test/${crypto.randomUUID()}`;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function sha256(content: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

async function stored(found: Promise<StoredObject | undefined>): Promise<StoredObject> {
  const object = await found;
  if (object === undefined) throw new Error("the object is absent");
  return object;
}

async function textOf(object: StoredObject): Promise<string> {
  return await new Response(object.body).text();
}

async function allPages(store: ObjectStore, prefix: string, options?: ListOptions): Promise<ListPage[]> {
  return await Array.fromAsync(store.list(prefix, options));
}

function keysOf(pages: ListPage[]): string[] {
  return pages.flatMap((page) => page.objects.map((object) => object.key));
}

/** A time since the call of this. It may be earlier: HTTP dates are whole seconds, and servers cache theirs briefly. */
function clockWindow() {
  const fromMs = Date.now() - 10_000;
  return { has: (timeMs: number) => timeMs >= fromMs && timeMs <= Date.now() + 1_000 };
}
