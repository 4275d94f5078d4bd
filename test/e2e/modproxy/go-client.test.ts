/** The module proxy with the real go as client. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { writeModule } from "../../support/go-project.ts";
import { go, machineGoEnv } from "../../support/go-toolchain.ts";
import { serveFetchedModules } from "../../support/modules/fetched-modules.ts";
import { newGoClient } from "../../support/modules/go-client.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { startModServer } from "../../support/modules/mod-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { nameHash, openProxyFixture, storedFiles } from "./fixture.ts";

const USER = {
  "go.mod": `module example.com/user

go 1.24

require (
	example.com/BigCo/Lib v0.1.0
	example.com/a v1.0.0
	example.com/inc v2.0.0+incompatible
)
`,
};

test("go mod download works with GOSUMDB, and again without the upstream", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  const cwd = writeModule(dir.join("user"), "example.com/user", USER);
  for (const machine of ["one", "two"]) {
    rmSync(join(cwd, "go.sum"), { force: true });
    const { go } = newGoClient(dir.join(machine), { proxy: server.url, sumdb: upstream.sumdb });
    expect(await go(["mod", "download", "-x"], { cwd })).toMatchObject({ exitCode: 0 });
    expect(await go(["mod", "verify"], { cwd })).toMatchObject({
      stdout: "all modules verified\n",
      exitCode: 0,
    });
    if (machine === "one") await upstream.stop();
  }
  expect(upstream.requested).toContain("sumdb/sumdb.test/lookup/example.com/!big!co/!lib@v0.1.0");
});

test("another go release is fetched, verified and run", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  const version = "v0.0.1-go1.99.0.linux-amd64";
  const start = `golang.org/toolchain@${version}`;
  const zip = makeZip({
    [`${start}/bin/go`]: '#!/bin/sh\necho "release 1.99 got: $*"\n',
    [`${start}/VERSION`]: "go1.99.0\n",
    [`${start}/pkg/tool/linux_amd64/nothing`]: "",
    [`${start}/lib/nothing`]: "",
    [`${start}/bin/gofmt`]: "#!/bin/sh\n",
  });
  await Bun.write(dir.join("zip"), zip);
  upstream.files.set(`golang.org/toolchain/@v/${version}.zip`, zip);
  const mod = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const record = { module: "golang.org/toolchain", version, zip: await hashZip(dir.join("zip")), mod };
  upstream.sumdb.add(`golang.org/toolchain@${version}`, record);
  const cwd = writeModule(dir.join("user"), "example.com/user", {
    "go.mod": "module example.com/user\n\ngo 1.99.0\n",
  });
  const env = { GOTOOLCHAIN: "auto" };
  const { go } = newGoClient(dir.join("one"), { proxy: server.url, sumdb: upstream.sumdb, env });
  expect(await go(["list", "-m"], { cwd })).toMatchObject({
    stdout: "release 1.99 got: list -m\n",
    exitCode: 0,
  });
  expect(upstream.requested).toContain(`sumdb/sumdb.test/lookup/golang.org/toolchain@${version}`);
});

test("a real release is fetched, verified by the real checksum database, and run", async () => {
  await using dir = tempDir("modproxy");
  await using fetched = await serveFetchedModules();
  const { GOPROXY = "", GOSUMDB = "" } = await machineGoEnv();
  // This machine's own checksum database; the 70 MB of the release were fetched before.
  const upstream = `${fetched.url},${GOPROXY.replace(/[,|](direct|off)$/, "")}`;
  await using server = await startModServer({ dir: dir.path, upstream });
  const cwd = writeModule(dir.join("user"), "example.com/user", {
    "go.mod": "module example.com/user\n\ngo 1.25.12\n",
  });
  const old = await go({ release: "1.24.13", gocache: dir.join("gocache") }, ["env", "GOROOT"], { cwd });
  const env = {
    PATH: `${join(old.stdout.trim(), "bin")}:${process.env.PATH}`,
    GOTOOLCHAIN: "auto",
    GOSUMDB,
  };
  const client = newGoClient(dir.join("one"), { proxy: server.url, env });
  expect((await client.go(["version"], { cwd })).stdout).toStartWith("go version go1.25.12 ");
  const [release, ...others] = fetched.requested.filter((path) => path.endsWith(".zip"));
  expect(others).toEqual([]);
  const [, version] =
    /^golang\.org\/toolchain\/@v\/(v0\.0\.1-go1\.25\.12\..*)\.zip$/.exec(release ?? "") ?? [];
  const lookup = nameHash(`sumdb/${GOSUMDB.split(/[ +]/)[0]}/lookup/golang.org/toolchain@${version}`);
  expect(storedFiles(server)).toContain(`module/${lookup.slice(0, 2)}/${lookup}`);
});

test("answers go's requests when it looks for versions", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  await upstream.addModule({
    module: "example.com/tool",
    version: "v1.0.0",
    files: { "cmd/hi/main.go": "package main\n\nfunc main() {}\n" },
  });
  const cwd = writeModule(dir.join("user"), "example.com/user", {
    "go.mod": "module example.com/user\n\ngo 1.24\n",
  });
  const { go } = newGoClient(dir.join("one"), { proxy: server.url, sumdb: upstream.sumdb });
  const works = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await go(args, { cwd });
    expect({ args, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
      args,
      exitCode: 0,
      stderr: "",
    });
    return stdout;
  };
  for (const revision of ["latest", "abcdefabcdef", "master"])
    await works("get", `example.com/pseudo@${revision}`);
  expect(await works("list", "-m", "-versions", "example.com/a")).toBe(
    "example.com/a v1.0.0 v1.1.0 v1.2.0-Pre\n",
  );
  await works("get", "example.com/a@v1.0.0");
  expect(await works("list", "-m", "-u", "all")).toContain("example.com/a v1.0.0 [v1.1.0]");
  // Only requests; go compiles nothing.
  await works("install", "-n", "example.com/tool/cmd/hi@v1.0.0");
});

test("go shows our text, and uses the next proxy without this one", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  const cwd = writeModule(dir.join("user"), "example.com/user", {
    "go.mod": "module example.com/user\n\ngo 1.24\n",
  });
  const alone = newGoClient(dir.join("one"), { proxy: server.url, sumdb: upstream.sumdb });
  const refused = await alone.go(["list", "-m", "example.com/none@v1.0.0"], { cwd });
  expect(refused.stderr).toContain("not found: no such file upstream");
  const both = newGoClient(dir.join("two"), {
    proxy: `${server.url}|${upstream.url}`,
    sumdb: upstream.sumdb,
  });
  await server.stop();
  expect(await both.go(["list", "-m", "example.com/a@v1.0.0"], { cwd })).toMatchObject({ exitCode: 0 });
});
