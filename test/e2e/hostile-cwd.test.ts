/** The working directory is a stranger's checkout: nothing in it may run code or change a setting. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { binaryPath } from "../support/binary.ts";
import { CacheprogClient } from "../support/cacheprog-client.ts";
import { filesBelow } from "../support/file-tree.ts";
import { helloModule } from "../support/go-project.ts";
import { go } from "../support/go-toolchain.ts";
import { idOf } from "../support/ids.ts";
import { newMachine } from "../support/machine.ts";
import { type Outcome, plainEnv, run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("neither code nor settings in the working directory have any effect", async () => {
  await using dir = tempDir("hostile");
  const hostile = plantFiles(dir);
  await using client = await CacheprogClient.start({
    args: [`--cache-dir=${dir.join("cache")}`],
    cwd: hostile,
    env: plainEnv({ HOME: dir.path, TMPDIR: dir.path }),
  });
  await client.put(idOf("action"), Buffer.from("hello"));
  expect(await client.finish()).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
  expect(client.answers.map((answer) => answer.ID)).toEqual([0, 1]);
  expectUntouched(dir);
});

test("nor have they on other commands than the helper's", async () => {
  await using dir = tempDir("hostile");
  const hostile = plantFiles(dir);
  const env = plainEnv({ HOME: dir.path, TMPDIR: dir.path });
  const [there, elsewhere] = await Promise.all(
    [hostile, dir.path].map((cwd) => run([binaryPath(), "help"], { cwd, env })),
  );
  expect(there?.exitCode).toBe(0);
  expect(there).toEqual(elsewhere as Outcome);
  expectUntouched(dir);
});

test("go builds a hostile checkout as usual", async () => {
  await using dir = tempDir("hostile");
  const hostile = plantFiles(dir);
  const machine = newMachine(dir.path, { env: { TMPDIR: dir.path } });
  const built = await go(machine, ["build", "./lib"], { cwd: hostile });
  expect({ ...built, elapsedMs: 0 }).toEqual({ exitCode: 0, stdout: "", stderr: "", elapsedMs: 0 });
  expect(filesBelow(machine.cacheDir).length).toBeGreaterThan(0);
  expectUntouched(dir);
});

/** A directory with every file that a runtime or a tool might load by itself. */
function plantFiles(dir: TempDir): string {
  const code = `require("node:fs").writeFileSync(${JSON.stringify(dir.join("ran"))}, ""); console.log("ran");`;
  const settings = {
    GOCACHE_DIR: dir.join("taken"),
    GOCACHE_S3_BUCKET: `file://${dir.join("taken-bucket")}`,
    GOCACHE_VERBOSE: "true",
    GOCACHE_METRICS: "true",
    GOCACHE_DEBUG: "7",
    BUN_OPTIONS: `--preload=${dir.join("hostile/preload.cjs")}`,
    NODE_OPTIONS: `--require=${dir.join("hostile/preload.cjs")}`,
  };
  const env = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  const files = {
    ".env": env.join(""),
    ".env.local": env.join(""),
    ".env.production": env.join(""),
    "bunfig.toml": 'preload = ["./preload.cjs"]\n[run]\npreload = ["./preload.cjs"]\nsilent = false\n',
    "preload.cjs": code,
    "index.js": code,
    "package.json": JSON.stringify({ main: "./index.js", imports: { "#x": "./index.js" }, type: "commonjs" }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "*": ["./index.js"] } } }),
    "go-cache-plugin.json": JSON.stringify({ cacheDir: dir.join("taken"), verbose: true }),
    "go-cache-plugin.toml": `cache-dir = ${JSON.stringify(dir.join("taken"))}\n`,
    ".go-cache-plugin.json": JSON.stringify({ cacheDir: dir.join("taken") }),
  };
  const hostile = dir.join("hostile");
  helloModule(hostile);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${hostile}/${name}`, text);
  return hostile;
}

function expectUntouched(dir: TempDir): void {
  const traces = ["ran", "taken", "taken-bucket"].filter((name) => existsSync(dir.join(name)));
  expect(traces).toEqual([]);
}
