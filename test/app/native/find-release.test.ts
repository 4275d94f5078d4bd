/** Which release of go a job switches to: what this program says of it is what the real go does. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { readGoHere } from "../../../src/app/go-env.ts";
import { findRelease } from "../../../src/app/native/find-release.ts";
import { writeModule } from "../../support/go-project.ts";
import { NEWEST_GO, OLDEST_GO, pathWithGo } from "../../support/go-toolchain.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;

beforeAll(() => {
  dir = tempDir("find-release");
});
afterAll(() => dir[Symbol.dispose]());

/** Without an upstream, go can only say what it would fetch. */
async function envOf(installed: string, more: Record<string, string> = {}): Promise<Record<string, string>> {
  return plainEnv({
    PATH: await pathWithGo(installed),
    HOME: dir.path,
    GOENV: "off",
    GOPROXY: "off",
    GOMODCACHE: dir.join("mod"),
    GOCACHE: dir.join("cache"),
    ...more,
  });
}

let checkouts = 0;

function checkout(goMod: string, files: Record<string, string> = {}): string {
  const lines = goMod.replaceAll("; ", "\n");
  return writeModule(join(dir.path, `checkout-${++checkouts}`), "example.com/main", {
    "go.mod": `module example.com/main\n\n${lines}\n`,
    ...files,
  });
}

/** What this program expects go to do: the name of a release, or `installed`, `refused`. */
function expected(env: Record<string, string>, cwd: string): string {
  const { isInstalled, module } = findRelease(readGoHere(env, { cwd, needsRelease: false }), env, cwd);
  if (isInstalled) return "installed";
  return /^v0\.0\.1-(.*)\.linux-amd64$/.exec(module?.version ?? "")?.[1] ?? "refused";
}

/** What go does. */
async function actual(env: Record<string, string>, cwd: string): Promise<string> {
  const { stdout, stderr } = await run(["go", "version"], { env, cwd });
  if (stdout !== "") return "installed";
  return /^go: download(?:ing)? (go\S+)[: ]/m.exec(stderr)?.[1] ?? "refused";
}

describe.each([OLDEST_GO, NEWEST_GO])("go %s with", (installed) => {
  test.each<[setting: string, goMod: string]>([
    ["auto", "go 1.21"],
    ["auto", "go 1.21.0"],
    ["auto", "go 1.99"],
    ["auto", "go 1.99.0"],
    ["auto", "go 1.99rc1"],
    ["auto", "go 1.99.0 // the newest"],
    ["auto", "go\t1.99.1"],
    ["auto", "go 1.99.x"],
    ["auto", "go 1.21; toolchain go1.99.1"],
    ["auto", "go 1.21; toolchain go1.21.0"],
    ["auto", `go 1.21; toolchain go${installed}`],
    ["auto", "go 1.98.0; toolchain go1.97.0"],
    ["auto", "go 1.98.0; toolchain default"],
    ["auto", "go 1.21; toolchain default"],
    ["auto", "go 1.21; toolchain go1.99.0-bigcorp"],
    ["auto", "go 1.21; toolchain nonsense"],
    ["auto", "toolchain go1.99.2"],
    ["auto", "gone 1.99.0; go 1.21"],
    ["path", "go 1.99.0"],
    ["local", "go 1.99.0; toolchain go1.99.1"],
    ["local+auto", "go 1.99.0"],
    ["local+path", "go 1.99.0"],
    [`go${installed}`, "go 1.99.0"],
    [`go${installed}+auto`, "go 1.99.0"],
    ["go1.98.0", "go 1.99.0"],
    ["go1.98.0+auto", "go 1.99.0"],
    ["go1.98.0+auto", "go 1.21; toolchain default"],
    ["go1.98.0+auto", "go 1.97.0"],
    ["go1.98.0+path", "go 1.21"],
    ["go1.20.1", "go 1.21"],
    ["go1.98.0+", "go 1.21"],
    ["go1.98.0+other", "go 1.21"],
    ["nonsense", "go 1.21"],
    ["nonsense+auto", "go 1.21"],
    ["go1.98.0/../x", "go 1.21"],
  ])("GOTOOLCHAIN=%s and %s", async (setting, goMod) => {
    const env = await envOf(installed, { GOTOOLCHAIN: setting });
    const cwd = checkout(goMod);
    expect(expected(env, cwd)).toBe(await actual(env, cwd));
  });

  test("the default of its own, and what go env -w has set", async () => {
    const cwd = checkout("go 1.99.0");
    const plain = await envOf(installed, { GOENV: dir.join(`env-${installed}`) });
    expect([expected(plain, cwd), await actual(plain, cwd)]).toEqual(["go1.99.0", "go1.99.0"]);
    await run(["go", "env", "-w", "GOTOOLCHAIN=go1.98.0"], { env: plain, cwd });
    expect([expected(plain, cwd), await actual(plain, cwd)]).toEqual(["go1.98.0", "go1.98.0"]);
  });

  test("a workspace: its go.work decides, from each of its folders", async () => {
    const env = await envOf(installed, { GOTOOLCHAIN: "auto" });
    const root = checkout("go 1.97.0", { "go.work": "go 1.99.0\n\nuse .\n", "in/x.go": "package in\n" });
    for (const cwd of [root, join(root, "in")])
      expect([expected(env, cwd), await actual(env, cwd)]).toEqual(["go1.99.0", "go1.99.0"]);
    const off = { ...env, GOWORK: "off" };
    expect([expected(off, root), await actual(off, root)]).toEqual(["go1.97.0", "go1.97.0"]);
  });

  test("no go.mod, or modules that are off", async () => {
    const env = await envOf(installed, { GOTOOLCHAIN: "auto" });
    expect([expected(env, dir.path), await actual(env, dir.path)]).toEqual(["installed", "installed"]);
    const off = { ...env, GO111MODULE: "off" };
    const cwd = checkout("go 1.99.0");
    expect([expected(off, cwd), await actual(off, cwd)]).toEqual(["installed", "installed"]);
  });

  test("a release on the PATH, which go takes before it fetches one", async () => {
    const bin = dir.join(`bin-${installed}`);
    mkdirSync(bin, { recursive: true });
    await Bun.write(join(bin, "go1.99.0"), "#!/bin/sh\necho from the PATH\n");
    chmodSync(join(bin, "go1.99.0"), 0o755);
    const env = await envOf(installed, { GOTOOLCHAIN: "auto" });
    env.PATH = `${env.PATH}${delimiter}${bin}`;
    const cwd = checkout("go 1.99.0");
    expect(findRelease(readGoHere(env, { cwd, needsRelease: false }), env, cwd)).toEqual({
      isInstalled: false,
      module: undefined,
    });
    expect((await run(["go", "version"], { env, cwd })).stdout).toBe("from the PATH\n");
  });
});

describe("nothing is wanted", () => {
  const find = async (more: Record<string, string>) => {
    const env = await envOf(NEWEST_GO, { GOTOOLCHAIN: "auto", ...more });
    const cwd = checkout("go 1.99.0");
    return findRelease(readGoHere(env, { cwd, needsRelease: false }), env, cwd).module;
  };

  test.each(["off", "sum.test", "sum.test+00000000+AAAA", "sum.golang.org a b"])(
    "with GOSUMDB=%s: nothing would prove it, and go refuses as well",
    async (GOSUMDB) => {
      expect(await find({ GOSUMDB })).toBeUndefined();
    },
  );

  test("without a go to ask", async () => {
    expect(await find({ PATH: "/nonexistent" })).toBeUndefined();
  });
});

test("a cross compiler's release is that of its own platform, and GONOSUMDB changes nothing", async () => {
  const env = await envOf(NEWEST_GO, {
    GOTOOLCHAIN: "auto",
    GOOS: "windows",
    GOARCH: "arm64",
    GOPRIVATE: "golang.org",
    GONOSUMDB: "golang.org",
    GOSUMDB: "sum.golang.google.cn",
  });
  const cwd = checkout("go 1.99.0");
  expect(findRelease(readGoHere(env, { cwd, needsRelease: false }), env, cwd)).toMatchObject({
    isInstalled: false,
    module: { version: "v0.0.1-go1.99.0.linux-amd64", database: { name: "sum.golang.org" } },
  });
});
