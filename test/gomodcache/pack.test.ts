/** Modules of `$GOMODCACHE` on their way to the bucket. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { modAction, treeAction, wantedModules } from "../../src/gomodcache/wanted-modules.ts";
import { sha256Hex } from "../support/ids.ts";
import { tempDir } from "../support/temp-dir.ts";
import {
  bytesOf,
  cacheAt,
  DOWNLOAD,
  FILES,
  MODULE,
  soundOutput,
  TREE,
  unpackedCache,
  wantedOf,
  zipOf,
} from "./gomodcache-fixture.ts";

const ACTION = treeAction(MODULE, wantedOf().treeHash ?? "");

test("a module is an output with its header and the bytes of its files", () => {
  using dir = tempDir("pack");
  const cache = cacheAt(unpackedCache(dir.path));
  expect([...cache.present()]).toEqual([ACTION]);
  const entry = cache.get(ACTION);
  const bytes = soundOutput();
  expect(entry).toMatchObject({ actionId: ACTION, outputId: sha256Hex(bytes), sizeBytes: bytes.length });
  expect(cache.findOutput(entry?.outputId ?? "")?.sizeBytes).toBe(bytes.length);
  expect(bytesOf(cache, entry?.outputId).equals(bytes)).toBe(true);
});

describe("is not stored:", () => {
  test.each<[string, (root: string) => void]>([
    ["a byte altered", (root) => writeFileSync(`${root}/${TREE}/z.go`, "package y\n")],
    ["a file more", (root) => writeFileSync(`${root}/${TREE}/zz.go`, "")],
    ["a file less", (root) => rmSync(`${root}/${TREE}/z.go`)],
    [
      "a link in place of a file",
      (root) => {
        writeFileSync(`${root}/z.go`, FILES["z.go"] ?? "");
        rmSync(`${root}/${TREE}/z.go`);
        symlinkSync(`${root}/z.go`, `${root}/${TREE}/z.go`);
      },
    ],
    [
      "a link in place of a folder",
      (root) => {
        mkdirSync(`${root}/a`);
        rmSync(`${root}/${TREE}/a`, { recursive: true });
        symlinkSync(`${root}/a`, `${root}/${TREE}/a`);
      },
    ],
    ["a pipe", (root) => void Bun.spawnSync(["mkfifo", `${root}/${TREE}/pipe`])],
    [
      "another go.mod in the download folder",
      (root) => writeFileSync(`${root}/${DOWNLOAD}.mod`, "module evil\n"),
    ],
  ])("a module with %s", (_, alter) => {
    using dir = tempDir("pack");
    alter(unpackedCache(dir.path));
    const cache = cacheAt(dir.path);
    const [action = ""] = cache.present();
    expect([action, cache.get(action)]).toEqual([ACTION, undefined]);
    expect(String(cache.firstProblem)).toContain(`${MODULE.path}@${MODULE.version}`);
  });

  test.each(["lock", "partial"])("a module that go has not unpacked to the end: there is a .%s", (kind) => {
    using dir = tempDir("pack");
    unpackedCache(dir.path);
    writeFileSync(dir.join(`${DOWNLOAD}.${kind}`), "");
    if (kind === "lock") rmSync(dir.join(`${DOWNLOAD}.ziphash`));
    expect([...cacheAt(dir.path).present()]).toEqual([modAction(MODULE, wantedOf().modHash ?? "")]);
  });
});

test("a module that has gone since it was seen is no problem, nor is its zip", async () => {
  using dir = tempDir("pack");
  unpackedCache(dir.path);
  writeFileSync(dir.join(`${DOWNLOAD}.zip`), zipOf());
  const cache = cacheAt(dir.path, wantedOf(), { forms: "both" });
  const actions = [...cache.present()];
  rmSync(dir.path, { recursive: true });
  expect(actions).toHaveLength(2);
  for (const action of actions) expect(await cache.read(action)).toBeUndefined();
  expect(cache.firstProblem).toBeUndefined();
});

test("an output whose module was altered since has other bytes than its id says", () => {
  using dir = tempDir("pack");
  const cache = cacheAt(unpackedCache(dir.path));
  const [action = ""] = cache.present();
  const { outputId = "" } = cache.get(action) ?? {};
  writeFileSync(dir.join(TREE, "z.go"), "package y\n");
  expect(sha256Hex(bytesOf(cache, outputId))).not.toBe(outputId);
});

describe("of go.sum files", () => {
  const h1 = (letter: string) => `h1:${letter.repeat(43)}=`;
  const sum = `example.com/a v1.0.0 ${h1("a")}\nexample.com/a v1.0.0/go.mod ${h1("b")}\n`;

  test("a module has the hash of its files and of its go.mod", () => {
    const a = { path: "example.com/a", version: "v1.0.0", treeHash: h1("a"), modHash: h1("b") };
    expect(wantedModules([sum, sum])).toEqual([a]);
  });

  test("a module with two different hashes has none", () => {
    const other = sum.replace(h1("a"), h1("c"));
    expect(wantedModules([sum, other, sum])).toMatchObject([{ treeHash: undefined, modHash: h1("b") }]);
  });

  test.each([
    "nonsense",
    "example.com/a v1.0.0 h1:short=",
    `example.com/a v1.0.0 h2:${"a".repeat(43)}=`,
    `example.com/a v1.0.0 ${h1("a")} more`,
    `example.com/../a v1.0.0 ${h1("a")}`,
    `/etc v1.0.0 ${h1("a")}`,
    `example.com/a latest ${h1("a")}`,
    `example.com/a v2.0.0 ${h1("a")}`,
    `example.com/a v1.0.0/../../x ${h1("a")}`,
    `golang.org/toolchain v0.0.1-go1.27.4.linux-amd64 ${h1("a")}`,
  ])("the line %j names nothing", (line) => {
    expect(wantedModules([`${line}\n`])).toEqual([]);
  });
});
