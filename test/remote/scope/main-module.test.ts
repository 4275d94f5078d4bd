import { expect, test } from "bun:test";
import { closeSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { mainModule } from "../../../src/remote/scope/main-module.ts";
import { testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { writeFiles } from "./git-files.ts";

const OUTER = { "go.mod": "module outer\n", "inner/deep/file.go": "" };
const WORKSPACE = { "a/go.mod": "module a\n", "b/go.mod": "module b\n", "b/deep/file.go": "" };

test.each<[string, Record<string, string>, string, string | undefined]>([
  ["a go.mod in the directory", OUTER, ".", "outer"],
  ["a go.mod above", OUTER, "inner/deep", "outer"],
  ["the nearest go.mod", { ...OUTER, "inner/go.mod": "module inner\r\n" }, "inner/deep", "inner"],
  ["a go.mod without a module", { "go.mod": "go 1.26\n" }, ".", undefined],
  ["an empty go.mod", { "go.mod": "" }, ".", undefined],
  ["an empty module path", { "go.mod": 'module ""\n' }, ".", undefined],
  ["no go.mod", { "file.go": "" }, ".", undefined],
  ["a workspace", { ...WORKSPACE, "go.work": "use (\n./b\n./a\n)\n" }, "a", "b"],
  ["a workspace with CRLF", { ...WORKSPACE, "go.work": "use (\r\n\t./b\r\n)\r\n" }, "a", "b"],
  [
    "a workspace with a module at its top",
    { ...WORKSPACE, ...OUTER, "go.work": "use ./a\nuse .\n" },
    "b",
    "outer",
  ],
  ["a workspace from deep inside", { ...WORKSPACE, "go.work": "use ./a" }, "b/deep", "a"],
  ["a workspace with missing members", { ...WORKSPACE, "go.work": "use ./gone\nuse ./b\n" }, "a", "b"],
  ["a workspace without members", { ...WORKSPACE, "go.work": "go 1.26\n" }, "a", "a"],
])("%s", (_, files, cwd, path) => {
  using dir = tempDir("module");
  writeFiles(dir.path, files);
  expect(mainModule({}, dir.join(cwd))?.path).toBe(path);
});

test.each<[string, (dir: TempDir) => Record<string, string>, string | undefined]>([
  ["GOWORK=off", () => ({ GOWORK: "off" }), "b"],
  ["an empty GOWORK", () => ({ GOWORK: "" }), "a"],
  ["a relative GOWORK, which go refuses", () => ({ GOWORK: "other.work" }), "a"],
  ["another GOWORK", (dir) => ({ GOWORK: dir.join("other.work") }), "c"],
  ["a GOWORK that is gone", (dir) => ({ GOWORK: dir.join("gone.work") }), "b"],
  ["a GOMOD", (dir) => ({ GOWORK: "off", GOMOD: dir.join("c/go.mod") }), "c"],
  ["a GOMOD that is no file", () => ({ GOWORK: "off", GOMOD: "/dev/null" }), "b"],
  ["a relative GOMOD", () => ({ GOWORK: "off", GOMOD: "go.mod" }), "b"],
])("%s counts", (_, env, path) => {
  using dir = tempDir("module");
  writeFiles(dir.path, {
    ...WORKSPACE,
    "c/go.mod": "module c\n",
    "go.work": "use ./a\n",
    "other.work": "use ./c\n",
  });
  expect(mainModule(env(dir), dir.join("b"))?.path).toBe(path);
});

test("only the beginning of a huge go.mod is read", () => {
  using dir = tempDir("module");
  writeFiles(dir.path, OUTER);
  const fd = openSync(dir.join("go.mod"), "r+");
  ftruncateSync(fd, 64 * 2 ** 30);
  closeSync(fd);
  expect(mainModule({}, dir.path)?.path).toBe("outer");
});

testOnPosix.each<[string, (path: string) => unknown]>([
  ["pipe", (path) => Bun.spawnSync(["mkfifo", path])],
  ["directory", (path) => mkdirSync(path)],
])("a %s is ignored", (_, make) => {
  using dir = tempDir("module");
  writeFiles(dir.path, OUTER);
  make(dir.join("inner/go.mod"));
  make(dir.join("inner/go.work"));
  expect(mainModule({}, dir.join("inner/deep"))?.path).toBe("outer");
});

test.each(["/\0", "/does/not/exist"])("%j is in no module", (cwd) => {
  expect(mainModule({ GOMOD: "/\0", GOWORK: "/\0" }, cwd)?.path).toBeUndefined();
});
