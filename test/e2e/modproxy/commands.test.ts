/** The `mod` commands. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { newGoClient } from "../../support/modules/go-client.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";
import { nameHash, openProxyFixture, type ProxyFixture } from "./fixture.ts";

const GO_MOD =
  "module example.com/user\n\ngo 1.24\n\nrequire (\n\texample.com/BigCo/Lib v0.1.0\n\texample.com/a v1.0.0\n)\n";

test("prefetch fetches what a go.sum names, so that go needs no upstream", async () => {
  await using fixture = await openProxyFixture();
  const { dir, server, upstream } = fixture;
  const { cwd, machine } = await downloaded(fixture);
  expect(await mod(machine, ["prefetch"], cwd)).toMatchObject({
    stdout: expect.stringMatching(/^6 files are local, /),
    exitCode: 0,
  });
  expect(await mod(machine, ["prefetch", "nowhere"], cwd)).toMatchObject({ exitCode: 1 });
  await server.stop();
  const before = upstream.requested.length;
  const out = dir.join("out");
  expect(await mod(machine, ["export", out], cwd)).toMatchObject({ exitCode: 0 });
  const { go } = newGoClient(dir.join("offline"), { proxy: `file://${out}`, env: { GOSUMDB: "off" } });
  expect(await go(["mod", "download"], { cwd })).toMatchObject({ exitCode: 0 });
  expect(upstream.requested.length).toBe(before);
});

test("prefetch lists files that could not be fetched", async () => {
  await using fixture = await openProxyFixture();
  const { dir } = fixture;
  writeFileSync(dir.join("go.sum"), `example.com/none v1.0.0 h1:x\n`);
  expect(await mod(machineOf(fixture, "one"), ["prefetch", "go.sum"], dir.path)).toEqual({
    stdout:
      "example.com/none/@v/v1.0.0.zip: not found: no such file upstream\n" +
      "example.com/none/@v/v1.0.0.info: not found: no such file upstream\n" +
      "0 files are local, 0 B\n",
    stderr: "",
    exitCode: 1,
  });
});

test("import stores what go has downloaded, export writes it again", async () => {
  await using fixture = await openProxyFixture();
  const { dir, upstream } = fixture;
  const { modCache, cwd } = await downloaded(fixture);
  const tree = join(modCache, "cache/download");
  const bad = join(tree, "example.com/bad/@v");
  mkdirSync(bad, { recursive: true });
  writeFileSync(join(bad, "v1.0.0.zip"), "no zip");
  const machine = machineOf(fixture, "fresh");
  const before = upstream.requested.length;
  const imported = await mod(machine, ["import", tree], cwd);
  expect(imported).toMatchObject({ stderr: "", exitCode: 1 });
  expect(imported.stdout).toContain("rejected: example.com/bad/@v/v1.0.0.zip: no zip");
  expect(await mod(machine, ["export", dir.join("out")], cwd)).toMatchObject({ exitCode: 0 });
  for (const name of ["example.com/a/@v/v1.0.0.zip", "example.com/!big!co/!lib/@v/v0.1.0.mod"]) {
    expect(readFileSync(dir.join("out", name))).toEqual(readFileSync(join(tree, name)));
  }
  expect(readFileSync(dir.join("out/example.com/a/@v/list"), "utf8")).toBe("v1.0.0\n");
  expect(filesBelow(dir.join("out")).some((name) => name.startsWith("sumdb/sumdb.test/lookup/"))).toBe(true);
  expect(upstream.requested.slice(before).filter((path) => !path.startsWith("sumdb/"))).toEqual([]);
});

test.each([
  ["verify", [], 2],
  ["export", ["out"], 1],
])(
  "%s where no proxy has stored anything says so, and where other modules are checked",
  async (task, more, count) => {
    await using fixture = await openProxyFixture();
    const machine = machineOf(fixture, "empty");
    const { stdout, exitCode } = await mod(machine, [task, ...more], fixture.dir.path);
    const [first, ...rest] = stdout.trimEnd().split("\n");
    expect(first).toMatch(/^no modules of --modproxy are stored here; .* are checked by "verify"/);
    expect([rest.length, exitCode]).toEqual([count - 1, 0]);
  },
);

test("verify finds and removes files that contradict the database", async () => {
  await using fixture = await openProxyFixture();
  const { server, dir } = fixture;
  const { cwd } = await downloaded(fixture);
  await server.stop();
  const machine = { ...machineOf(fixture, "x"), cacheDir: server.cacheDir };
  const clean = await mod(machine, ["verify"], cwd);
  expect(clean).toMatchObject({
    stdout: expect.stringMatching(/^4 match the checksum database, \d+ are unchanged, 0 wrong\n$/),
    exitCode: 0,
  });
  const zip = "example.com/a/@v/v1.0.0.zip";
  const hash = nameHash(zip);
  const path = join(server.cacheDir, "module", hash.slice(0, 2), hash);
  writeFileSync(path, "corrupt");
  expect(await mod(machine, ["verify"], cwd)).toMatchObject({
    stdout: expect.stringContaining(`${zip}: wrong; removed\n`),
    exitCode: 1,
  });
  expect(existsSync(path)).toBe(false);
  expect(dir.path).not.toBe("");
});

test.each([
  [["mod"], '"mod" needs one of prefetch, verify, import, export'],
  [
    ["mod", "verfy"],
    '"mod" needs one of prefetch, verify, import, export, not "verfy" (did you mean verify?)',
  ],
  [["mod", "import"], '"mod import" needs a directory'],
  [["mod", "verify", "x"], 'unexpected argument "x" after "mod verify"'],
  [["mod", "export", "a", "b"], 'unexpected argument "b" after "mod export"'],
])("%p is a mistake", async (args, message) => {
  const { stderr, exitCode } = await run([binaryPath(), ...args], { env: plainEnv() });
  expect(stderr).toStartWith(`go-cache-plugin: ${message}\n`);
  expect(exitCode).toBe(2);
});

interface TestMachine {
  cacheDir: string;
  flags: string[];
}

function machineOf({ dir, upstream }: ProxyFixture, name: string): TestMachine {
  return {
    cacheDir: dir.join(name),
    flags: [`--upstream=${upstream.url}`, `--sumdb=${upstream.sumdb.key} ${upstream.url}/nowhere`],
  };
}

/** A project with modules that go has downloaded through the proxy, including go.sum. */
async function downloaded(fixture: ProxyFixture) {
  const { dir, server, upstream } = fixture;
  const cwd = writeModule(dir.join("user"), "example.com/user", { "go.mod": GO_MOD });
  const { go, modCache } = newGoClient(dir.join("first"), { proxy: server.url, sumdb: upstream.sumdb });
  // With the sums of the dependencies' zips in go.sum, which download alone does not write.
  expect(await go(["mod", "download", "-x", "all"], { cwd })).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(cwd, "go.sum"))).toBe(true);
  return { cwd, modCache, machine: machineOf(fixture, "one") };
}

async function mod({ cacheDir, flags }: TestMachine, args: string[], cwd: string): Promise<Outcome> {
  const env = plainEnv({ GOENV: "off", HOME: cwd });
  return await run([binaryPath(), "mod", ...args, `--cache-dir=${cacheDir}`, ...flags], { env, cwd });
}
