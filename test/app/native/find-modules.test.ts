/** Which modules a checkout may need, as go would say. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { readGoHere } from "../../../src/app/go-env.ts";
import { findModules } from "../../../src/app/native/find-modules.ts";
import { writeModule } from "../../support/go-project.ts";
import { testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const GO_MOD = "module example.com/main\n\ngo 1.24\n";
const WORK = "go 1.24\n\nuse (\n\t.\n\t./member // one\n\t../outside\n)\n";

let dir: TempDir;
let env: Record<string, string>;

beforeAll(() => {
  dir = tempDir("find-modules");
  const { PATH = "" } = process.env;
  const [GOMODCACHE, HOME] = [dir.join("mod"), dir.join("home")];
  env = { PATH, HOME, GOMODCACHE, GOENV: "off", GOPROXY: "off", GOCACHE: dir.join("gocache") };
});
afterAll(() => dir[Symbol.dispose]());

/** The lines of a go.sum for a module of this name. */
function sums(name: string): string {
  return ["", "/go.mod"].map((kind) => `${name} v1.0.0${kind} h1:${"a".repeat(43)}=\n`).join("");
}

let checkouts = 0;

/** A new checkout: path → text; a go.sum's text is the names of its modules below `test.org`. */
function checkout(files: Record<string, string>): string {
  const root = join(dir.path, `checkout-${++checkouts}`, "main");
  const isSum = (name: string) => name.endsWith(".sum");
  const texts = Object.entries(files).map(([name, text]) => {
    const names = text.split(" ").map((word) => sums(`test.org/${word}`));
    return [name, isSum(name) ? names.join("") : text];
  });
  return writeModule(root, "example.com/main", Object.fromEntries(texts));
}

const find = (cwd: string, more: Record<string, string> = {}) =>
  findModules(readGoHere({ ...env, ...more }, { cwd, needsRelease: false }).checkout, cwd);

/** The names of the modules that are found. */
function namesIn(cwd: string, more: Record<string, string> = {}): string[] | undefined {
  return find(cwd, more)
    ?.wanted.map(({ path }) => path.replace("test.org/", ""))
    .sort();
}

describe("nothing is found", () => {
  test("without a go to ask", () => {
    expect(find(checkout({ "go.sum": "a" }), { PATH: "/nonexistent" })).toBeUndefined();
  });

  test.each([["relative"], ["off"]])("with GOMODCACHE=%s, where go refuses", (GOMODCACHE) => {
    expect(find(checkout({ "go.sum": "a" }), { GOMODCACHE })).toBeUndefined();
  });

  test("in a folder without a go.sum, with one that is empty, or is a folder", () => {
    expect(namesIn(checkout({}))).toEqual([]);
    expect(namesIn(checkout({ "go.sum": "" }))).toEqual([]);
    const odd = checkout({});
    mkdirSync(join(odd, "go.sum"));
    expect(namesIn(odd)).toEqual([]);
  });

  test("for what is replaced by a folder: go.sum does not name it", () => {
    const replaced = `${GO_MOD}\nrequire test.org/a v1.0.0\n\nreplace test.org/a => ./a\n`;
    expect(namesIn(checkout({ "go.mod": replaced, "a/go.mod": "module test.org/a\n" }))).toEqual([]);
  });
});

describe("the main module's go.sum is read", () => {
  test("also from a folder within, and with a go.mod that no go here understands", () => {
    const root = checkout({
      "go.mod": "module example.com/main\n\ngo 9.99\n",
      "go.sum": "a b",
      "in/x.go": "",
    });
    expect([namesIn(root), namesIn(join(root, "in"))]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  test("whatever is private: go.sum alone decides", () => {
    const root = checkout({ "go.sum": "a" });
    for (const name of ["GOPRIVATE", "GONOSUMDB", "GONOSUMCHECK", "GONOPROXY"])
      expect(namesIn(root, { [name]: "test.org" })).toEqual(["a"]);
    expect(namesIn(root, { GOSUMDB: "off", GOFLAGS: "-insecure" })).toEqual(["a"]);
  });

  test("with GOFLAGS that no go can take apart: it refuses later", () => {
    expect(namesIn(checkout({ "go.sum": "a" }), { GOFLAGS: "'-mod=mod" })).toEqual(["a"]);
  });

  test("for tools as for other modules", () => {
    const tool = `${GO_MOD}\ntool test.org/a/cmd\n\nrequire test.org/a v1.0.0 // indirect\n`;
    expect(namesIn(checkout({ "go.mod": tool, "go.sum": "a" }))).toEqual(["a"]);
  });

  test("with two modules that differ in capitals", () => {
    expect(namesIn(checkout({ "go.sum": "Lib lib" }))).toEqual(["Lib", "lib"]);
  });

  test("and beside it that of -modfile", () => {
    const root = checkout({ "go.sum": "a", "tools/alt.mod": GO_MOD, "tools/alt.sum": "b", "in/x.go": "" });
    expect(namesIn(root, { GOFLAGS: "-modfile=tools/alt.mod" })).toEqual(["a", "b"]);
    expect(namesIn(join(root, "in"), { GOFLAGS: `-modfile=${root}/tools/alt.mod` })).toEqual(["a", "b"]);
  });

  testOnPosix("through a link", () => {
    const root = checkout({ "elsewhere.sum": "a" });
    symlinkSync("elsewhere.sum", join(root, "go.sum"));
    expect(namesIn(root)).toEqual(["a"]);
  });
});

describe("of vendored modules", () => {
  const vendored = () =>
    checkout({ "go.sum": "a", "vendor/modules.txt": "", "in/go.mod": GO_MOD, "in/go.sum": "b" });

  test("nothing is needed; of others in the checkout it is", () => {
    expect(namesIn(vendored())).toEqual(["b"]);
  });

  test.each([
    ["-mod=mod", ["a", "b"]],
    ["--mod=readonly", ["a", "b"]],
    ["-mod=mod -mod=vendor", ["b"]],
    ["-mod=vendor", ["b"]],
    ["'-ldflags=-X main.mod=-mod=vendor' \"-mod=mod\"", ["a", "b"]],
  ])("with GOFLAGS=%s go needs %j", (GOFLAGS, names) => {
    expect(namesIn(vendored(), { GOFLAGS })).toEqual(names);
  });
});

describe("of a workspace", () => {
  const workspace = (more: Record<string, string> = {}) =>
    checkout({
      "go.work": WORK,
      "go.work.sum": "work",
      "go.sum": "main",
      "member/go.mod": GO_MOD.replace("main", "member"),
      "member/go.sum": "member",
      "../outside/go.mod": GO_MOD.replace("main", "outside"),
      "../outside/go.sum": "outside",
      ...more,
    });

  test("its own sums and those of its members are read, from each of its folders", () => {
    const root = workspace();
    const all = ["main", "member", "outside", "work"];
    expect(namesIn(root)).toEqual(all);
    expect(namesIn(join(root, "member"))).toEqual(all);
  });

  test("nothing is needed if it is vendored; what a member has vendored does not count", () => {
    expect(namesIn(workspace({ "vendor/modules.txt": "" }))).toEqual([]);
    expect(namesIn(workspace({ "member/vendor/modules.txt": "" }))).toContain("member");
  });

  test("only the module counts with GOWORK=off", () => {
    const root = workspace();
    expect(namesIn(join(root, "member"), { GOWORK: "off" })).toEqual(["member"]);
  });

  test("elsewhere, GOWORK says where", () => {
    const root = workspace();
    expect(namesIn(dir.path, { GOWORK: join(root, "go.work") })).toContain("work");
  });
});

describe("nested modules", () => {
  test("count as far as a job may build them", () => {
    const files = ["a", "a/b/c/d", "a/b/c/d/e", "testdata/t", "_u", ".d", "node_modules/n", "vendor/v"];
    const nested = files.flatMap((name) => [
      [`${name}/go.mod`, GO_MOD],
      [`${name}/go.sum`, name.replaceAll(/\W/g, "x")],
    ]);
    expect(namesIn(checkout({ "go.sum": "main", ...Object.fromEntries(nested) }))).toEqual([
      "a",
      "axbxcxd",
      "main",
    ]);
  });

  testOnPosix("are not looked for behind links, which may go round in circles", () => {
    const root = checkout({ "go.sum": "main", "a/go.mod": GO_MOD, "a/go.sum": "a" });
    symlinkSync("..", join(root, "a", "up"));
    symlinkSync(dirname(checkout({ "go.sum": "other" })), join(root, "away"));
    expect(namesIn(root)).toEqual(["a", "main"]);
  });

  test("count where there is no main module", () => {
    const root = checkout({ "a/go.mod": GO_MOD, "a/go.sum": "a" });
    rmSync(join(root, "go.mod"));
    expect(namesIn(root)).toEqual(["a"]);
  });
});

describe("go says", () => {
  test("where the modules are, if GOMODCACHE is not set", () => {
    const root = checkout({});
    expect(find(root, { GOMODCACHE: "", GOPATH: dir.join("gopath") })?.path).toBe(
      dir.join("gopath", "pkg", "mod"),
    );
    expect(find(root, { GOMODCACHE: "", GOPATH: "" })?.path).toBe(dir.join("home", "go", "pkg", "mod"));
  });

  test.each([
    ["-modcacherw", true],
    ["--modcacherw=true", true],
    ["-modcacherw=T", true],
    ["-modcacherw=1 -mod=mod", true],
    ["'-ldflags=-X a=b c' \"-modcacherw\"", true],
    ["-modcacherw -modcacherw=false", false],
    ["-modcacherw=0", false],
    ["'-ldflags=-modcacherw'", false],
    ["", false],
  ])("with GOFLAGS=%s whether folders stay writable", (GOFLAGS, isWritable) => {
    expect(find(checkout({}), { GOFLAGS })?.isWritable).toBe(isWritable);
  });
});
