/** What go.sum files say of modules, and what the bucket's actions stand for. */
import { describe, expect, test } from "bun:test";
import {
  modAction,
  namesByAction,
  treeAction,
  wantedModules,
  zipAction,
} from "../../src/gomodcache/wanted-modules.ts";

const [TREE, MOD, OTHER] = ["a", "b", "c"].map((letter) => `h1:${letter.repeat(43)}=`) as [
  string,
  string,
  string,
];
const LIB = { path: "test.org/Lib", version: "v1.0.0" };
const SUM = `test.org/Lib v1.0.0 ${TREE}\ntest.org/Lib v1.0.0/go.mod ${MOD}\n`;

describe("a line of go.sum is ignored", () => {
  test.each([
    ["with another kind of hash", `test.org/lib v1.0.0 h2:${"a".repeat(43)}=\n`],
    ["with half a hash", "test.org/lib v1.0.0 h1:abc=\n"],
    ["with a path that leads out", `../lib v1.0.0 ${TREE}\n`],
    ["without a version", `test.org/lib ${TREE}\n`],
    ["of a release of go", `golang.org/toolchain v0.0.1-go1.27.4.linux-amd64 ${TREE}\n`],
  ])("%s", (_, text) => {
    expect(wantedModules([text])).toEqual([]);
  });
});

test("a module has the hashes of its files and of its go.mod, from any of the files", () => {
  const [files, mod] = SUM.split(/(?<=\n)/);
  const wanted = [{ ...LIB, treeHash: TREE, modHash: MOD }];
  expect([wantedModules([SUM]), wantedModules([files ?? "", mod ?? "", SUM])]).toEqual([wanted, wanted]);
});

test("of a module with two different hashes the files are not wanted", () => {
  const wanted = [{ ...LIB, treeHash: undefined, modHash: MOD }];
  expect(wantedModules([SUM, `test.org/Lib v1.0.0 ${OTHER}\n`])).toEqual(wanted);
});

test("a go.sum with more modules than any repository has is read in part", () => {
  const line = (number: number) => `test.org/m${number} v1.0.0 ${TREE}\n`;
  const wanted = wantedModules([Array.from({ length: 20_001 }, (_, number) => line(number)).join("")]);
  expect([wanted.length, wanted.at(-1)?.path]).toEqual([20_000, "test.org/m19999"]);
});

test("the actions of a module have its name, that of its go.mod, and that of its zip", () => {
  expect([...namesByAction(wantedModules([SUM]))]).toEqual([
    [treeAction(LIB, TREE), "test.org/Lib@v1.0.0"],
    [zipAction(LIB, TREE), "test.org/Lib@v1.0.0.zip"],
    [modAction(LIB, MOD), "test.org/Lib@v1.0.0/go.mod"],
  ]);
});
