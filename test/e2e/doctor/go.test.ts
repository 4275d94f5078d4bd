/** `doctor`'s findings about go, GOCACHEPROG, settings, this machine's disk, and servers. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { freePort } from "../../support/free-port.ts";
import { OLD_GO } from "../../support/go-toolchain.ts";
import { startModServer } from "../../support/modules/mod-server.ts";
import { startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { checksWith, type Diagnosis, expectWell, findingOf, Subject } from "./subject.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** The findings on a machine with changed variables. */
async function examine(env: Record<string, string | undefined>, ...flags: string[]): Promise<Diagnosis> {
  await using dir = tempDir("doctor");
  return await (await Subject.open(dir.path)).with(env).examine(...flags);
}

describe("go:", () => {
  test("a release that is too old", async () => {
    const diagnosis = await examine({ GOTOOLCHAIN: `go${OLD_GO}` });
    expect(findingOf(diagnosis, "go")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`go${OLD_GO} does not know GOCACHEPROG`),
      remedy: expect.stringContaining("install Go 1.24 or newer"),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  test("no go at all", async () => {
    await using empty = tempDir("no-go");
    const diagnosis = await examine({ PATH: empty.path });
    expect(findingOf(diagnosis, "go")).toMatchObject({
      severity: "error",
      message: "there is no go on the PATH",
      remedy: expect.stringContaining("install Go"),
    });
    expect(findingOf(diagnosis, "GOCACHEPROG")?.severity).toBe("ok");
  });

  test("a go that fails, with its own message", async () => {
    expect(findingOf(await examine({ GOTOOLCHAIN: "nonsense" }), "go")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("nonsense"),
    });
  });
});

describe("GOCACHE:", () => {
  // Without a home, go can't choose another release either.
  const NOWHERE = { GOCACHE: undefined, XDG_CACHE_HOME: undefined, GOTOOLCHAIN: "local" };

  test("without a home there is none", async () => {
    const diagnosis = await examine({ ...NOWHERE, HOME: undefined });
    expect(findingOf(diagnosis, "GOCACHE")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("go has no build cache, so every go command fails"),
      remedy: expect.stringContaining("set GOCACHE"),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  test("go can't create it, even if the plugin's directory is elsewhere", async () => {
    await using dir = tempDir("doctor");
    writeFileSync(dir.join("home"), "");
    const env = { ...NOWHERE, HOME: dir.join("home"), GOCACHE_DIR: dir.join("cache") };
    const diagnosis = await examine(env);
    expect(findingOf(diagnosis, "GOCACHE")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`go can't set up its build cache in ${dir.join("home")}/`),
      remedy: expect.stringContaining("set GOCACHE"),
    });
  });

  test("is reported, and not created by the check", async () => {
    await using dir = tempDir("doctor");
    const diagnosis = await examine({ GOCACHE: dir.join("deep/gocache"), GOCACHE_DIR: dir.join("cache") });
    expect(findingOf(diagnosis, "GOCACHE")).toMatchObject({
      severity: "ok",
      message: dir.join("deep/gocache"),
    });
    expect(existsSync(dir.join("deep"))).toBe(false);
  });
});

describe("GOCACHEPROG:", () => {
  test("is not set", async () => {
    const diagnosis = await examine({ GOCACHEPROG: undefined });
    expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("it is not set"),
      remedy: expect.stringContaining("go-cache-plugin env"),
    });
  });

  test("is set by go env -w, and an empty variable does not change that", async () => {
    await using dir = tempDir("doctor");
    const file = dir.join("go-env");
    writeFileSync(file, `GOCACHEPROG=${binaryPath()}\n`);
    const bucket = `file://${dir.join("bucket")}`;
    const diagnosis = await examine({ GOCACHEPROG: "", GOENV: file, GOCACHE_S3_BUCKET: bucket });
    expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
      severity: "note",
      message: expect.stringContaining(`go env -w, in ${file}; an empty variable does not switch that off`),
      remedy: expect.stringContaining("go env -u GOCACHEPROG"),
    });
    expect(diagnosis.exitCode).toBe(0);
  });

  test("names a missing program, by go env -w", async () => {
    await using dir = tempDir("doctor");
    const file = dir.join("go-env");
    writeFileSync(file, "GOCACHEPROG=/nowhere/go-cache-plugin\n");
    const diagnosis = await examine({ GOCACHEPROG: undefined, GOENV: file });
    expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
      severity: "error",
      remedy: expect.stringContaining("to build without it: go env -u GOCACHEPROG"),
    });
    const set = await examine({ GOCACHEPROG: "/nowhere/go-cache-plugin" });
    expect(findingOf(set, "GOCACHEPROG")?.remedy).toContain("to build without it: unset GOCACHEPROG");
  });

  test.each([
    ["not quoted", (path: string) => `${path} --read-only`],
    ["escaped as for a shell", (path: string) => `${path.replaceAll(" ", "\\ ")} --read-only`],
  ])("a path with blanks that is %s", async (_, write) => {
    await using dir = tempDir("doctor");
    mkdirSync(dir.join("my tools"));
    const path = dir.join("my tools/go-cache-plugin");
    symlinkSync(binaryPath(), path);
    expect(findingOf(await examine({ GOCACHEPROG: write(path) }), "GOCACHEPROG")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`the path "${path}" contains a blank and is not quoted`),
      remedy: `export GOCACHEPROG="'${path}' --read-only"`,
    });
    const quoted = await examine({ GOCACHEPROG: `'${path}' --read-only` });
    expect(findingOf(quoted, "GOCACHEPROG")?.severity).toBe("ok");
  });

  test.each([
    ["a quote that is not closed", `'${binaryPath()}`, "a quote ' is not closed", "close the quote"],
    ["a tilde", "~/bin/go-cache-plugin", "it expands neither ~ nor variables", "$HOME"],
    ["a variable", "$HOME/bin/go-cache-plugin", "it expands neither ~ nor variables", "$HOME"],
    ["a program that is not there", "/nowhere/go-cache-plugin", "there is no program", "its absolute path"],
    ["a name that is not on the PATH", "no-such-program", "on the PATH", "its absolute path"],
    [
      "a flag that is misspelt",
      `${binaryPath()} --buckt=x`,
      "unknown flag --buckt (did you mean --bucket?)",
      "help",
    ],
    ["a value that can't be read", `${binaryPath()} --expiry=banana`, "is not a duration", "help"],
    ["a command that is not for go", `${binaryPath()} gc`, '"gc" does not serve go', "help"],
  ])("%s", async (_, value, message, remedy) => {
    expect(findingOf(await examine({ GOCACHEPROG: value }), "GOCACHEPROG")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    });
  });

  test("a file that is not executable", async () => {
    await using dir = tempDir("doctor");
    writeFileSync(dir.join("program"), "");
    chmodSync(dir.join("program"), 0o644);
    expect(findingOf(await examine({ GOCACHEPROG: dir.join("program") }), "GOCACHEPROG")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("is not executable"),
      remedy: expect.stringContaining("chmod +x"),
    });
  });

  test("another program", async () => {
    const diagnosis = await examine({ GOCACHEPROG: "/bin/cat" });
    expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
      severity: "warning",
      message: expect.stringContaining("another program: this one is not used"),
    });
    expect(diagnosis.exitCode).toBe(3);
  });
});

describe("settings:", () => {
  test("an unknown variable, and one that can't be parsed", async () => {
    const diagnosis = await examine({ GOCACHE_BUCKET: "x", GOCACHE_EXPIRY: "banana" });
    const said = diagnosis.findings.filter(({ check }) => check === "settings");
    expect(said).toMatchObject([
      { severity: "error", message: expect.stringContaining('GOCACHE_EXPIRY: "banana" is not a duration') },
      { severity: "warning", message: expect.stringContaining("(did you mean GOCACHE_S3_BUCKET?)") },
    ]);
    // The others are still checked.
    expect(findingOf(diagnosis, "cache directory")).toBeDefined();
  });

  test("a mistake on doctor's own command line ends it", async () => {
    await using dir = tempDir("doctor");
    const outcome = await (await Subject.open(dir.path)).run("doctor", "--expiry=banana");
    expect(outcome).toMatchObject({ stdout: "", exitCode: 2 });
  });
});

describe("this machine:", () => {
  test("no bucket is a warning: quotes may be missing around GOCACHEPROG", async () => {
    const diagnosis = await examine({});
    expect(findingOf(diagnosis, "bucket")).toMatchObject({
      severity: "warning",
      message: expect.stringContaining("entries stay on this machine"),
      remedy: expect.stringContaining("inside the quotes"),
    });
    expect([checksWith(diagnosis, "error"), checksWith(diagnosis, "warning")]).toEqual([[], ["bucket"]]);
    expect(diagnosis.exitCode).toBe(3);
  });

  test("invalid flags may name a bucket, so no bucket is checked", async () => {
    const diagnosis = await examine({
      GOCACHEPROG: `${binaryPath()} --buckt=x`,
      GOCACHE_S3_BUCKET: "some-bucket",
    });
    expect(findingOf(diagnosis, "bucket")).toMatchObject({
      severity: "note",
      message: "not looked at: the flags in GOCACHEPROG can't be read",
    });
    expect(checksWith(diagnosis, "error")).toEqual(["GOCACHEPROG"]);
  });

  test("a directory as the bucket is tested by writing and reading, and not changed", async () => {
    await using bucket = tempDir("bucket");
    const diagnosis = await examine({ GOCACHE_S3_BUCKET: `file://${bucket.path}` });
    for (const check of ["reach", "list", "put", "get", "ranges", "conditional writes", "delete"]) {
      expect(findingOf(diagnosis, check)?.severity).toBe("ok");
    }
    expect(findingOf(diagnosis, "credentials")).toBeUndefined();
    expectWell(diagnosis);
  });

  test("a missing directory may be a missing mount", async () => {
    await using dir = tempDir("bucket");
    const diagnosis = await examine({ GOCACHE_S3_BUCKET: `file://${dir.join("mount")}` }, "--read-only");
    expect(findingOf(diagnosis, "list")).toMatchObject({
      severity: "note",
      remedy: expect.stringContaining("mount"),
    });
  });

  test("creates nothing if the directory above the bucket is missing", async () => {
    await using dir = tempDir("bucket");
    const diagnosis = await examine({ GOCACHE_S3_BUCKET: `file://${dir.join("mount/cache")}` });
    expect(checksWith(diagnosis, "error")).toEqual(["reach"]);
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      message: expect.stringContaining(`there is no directory ${dir.join("mount")}`),
      remedy: expect.stringContaining("mount"),
    });
    expect(existsSync(dir.join("mount"))).toBe(false);
  });

  test("a cache directory that can't be created", async () => {
    await using dir = tempDir("doctor");
    writeFileSync(dir.join("file"), "");
    const diagnosis = await examine({ GOCACHE_DIR: dir.join("file/cache") });
    expect(findingOf(diagnosis, "cache directory")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("can't be written"),
      remedy: expect.stringContaining("--cache-dir"),
    });
  });
});

describe("a server:", () => {
  test("is missing although connect needs one", async () => {
    const port = await freePort();
    const needed = await examine({ GOCACHEPROG: `${binaryPath()} connect ${port}` });
    expect(findingOf(needed, "server")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`nothing listens on 127.0.0.1:${port}`),
      remedy: expect.stringContaining("serve --detach"),
    });
    const optional = await examine({ GOCACHEPROG: `${binaryPath()} connect ${port} --fallback` });
    expect(findingOf(optional, "server")?.severity).toBe("warning");
    const unused = await examine({ GOCACHE_PLUGIN: String(port) });
    expect(findingOf(unused, "server")?.severity).toBe("note");
  });

  test("is running, and has the cache directory", async () => {
    await using dir = tempDir("doctor");
    await using server = await startPluginServer({ cacheDir: dir.join("cache") });
    const diagnosis = await examine({ GOCACHEPROG: `${binaryPath()} connect ${server.plugin}` });
    expect(findingOf(diagnosis, "server")).toMatchObject({
      severity: "ok",
      message: expect.stringContaining(`process ${server.pid}`),
    });
    expect(findingOf(diagnosis, "cache directory")?.message).toContain(dir.join("cache"));
    expect(findingOf(diagnosis, "bucket")?.message).toContain("it is the server's");
  });
});

describe("modules:", () => {
  test("GOPROXY names a server that is not running", async () => {
    const proxy = `http://127.0.0.1:${await freePort()}/mod`;
    const diagnosis = await examine({ GOPROXY: proxy });
    expect(findingOf(diagnosis, "module proxy")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`GOPROXY's ${proxy} can't be reached`),
      remedy: expect.stringContaining("serve --detach --modproxy"),
    });
    expect(findingOf(diagnosis, "checksum database")).toBeUndefined();
  });

  test("a server passes modules and checksums on until its upstream fails", async () => {
    await using dir = tempDir("doctor");
    await using upstream = await startModuleUpstream();
    await using server = await startModServer({
      dir: dir.path,
      upstream: { ...upstream, url: upstream.url },
    });
    const { key } = upstream.sumdb;
    // Requests for another release of go would go there as well.
    const env = { GOPROXY: server.url, GOSUMDB: key, GOCACHE_SUMDB: key, GOTOOLCHAIN: "local" };
    const well = await examine({ ...env, GOCACHE_MODPROXY: "1", GOCACHE_UPSTREAM: upstream.url });
    expect(well.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(findingOf(well, "module proxy")?.severity).toBe("ok");
    expect(findingOf(well, "checksum database")).toMatchObject({
      severity: "ok",
      message: `${upstream.sumdb.name} through GOPROXY answers`,
    });
    await upstream.stop();
    const ill = await examine({ ...env, GOCACHE_MODPROXY: "1", GOCACHE_UPSTREAM: upstream.url });
    expect(findingOf(ill, "module proxy")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(`upstream ${upstream.url} can't be reached`),
      remedy: expect.stringContaining("--upstream"),
    });
  });

  test("modules that this program does not serve are not checked", async () => {
    const diagnosis = await examine({ GOPROXY: `http://127.0.0.1:${await freePort()}/elsewhere` });
    expect(diagnosis.findings.filter(({ check }) => /module|checksum/.test(check))).toEqual([]);
  });
});
