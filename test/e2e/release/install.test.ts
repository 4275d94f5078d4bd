import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson, { repository } from "../../../package.json" with { type: "json" };
import { PROJECT_DIR } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type ReleaseServer, releaseText, startReleaseServer } from "./release-server.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const ARCHIVE = "go-cache-plugin-linux-x64.tar.gz";
const WRONG_SUM = "0".repeat(64);

let server: ReleaseServer;
let dir: TempDir;

beforeAll(async () => {
  server = await startReleaseServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  dir = tempDir("install");
  server.takeRequests();
});
afterEach(() => dir[Symbol.dispose]());

function install(args: string[], env: Record<string, string> = {}) {
  const full = { GO_CACHE_PLUGIN_BASE_URL: server.url, TMPDIR: dir.path, HOME: dir.join("home"), ...env };
  return run(["sh", join(PROJECT_DIR, "install.sh"), ...args], { env: plainEnv(full) });
}

/** The result of `action` while the release has different sums. */
async function withSums<T>(sums: string, action: () => Promise<T>): Promise<T> {
  const before = server.replace("SHA256SUMS", sums);
  try {
    return await action();
  } finally {
    server.replace("SHA256SUMS", before);
  }
}

/** Expects that nothing is installed, and that no temporary files remain. */
function expectNothingLeft(): void {
  expect(filesBelow(dir.path)).toEqual([]);
  expect(readdirSync(dir.path)).toEqual([]);
}

describe("refuses, and leaves no files:", () => {
  test("an archive with another sum than the release's", async () => {
    const original = server.sumOf(ARCHIVE);
    const outcome = await withSums(`${WRONG_SUM}  ${ARCHIVE}\n`, () =>
      install(["--to", dir.join("bin"), "--target", "linux-x64"]),
    );
    expect(outcome).toEqual({
      stdout: "",
      stderr: `install.sh: ${ARCHIVE} has the SHA-256 ${original} instead of ${WRONG_SUM}; nothing was installed\n`,
      exitCode: 1,
    });
    expectNothingLeft();
  });

  test("an archive with another sum than the given one", async () => {
    const outcome = await install(["--to", dir.join("bin"), "--target", "linux-x64", "--sha256", WRONG_SUM]);
    expect(outcome.stderr).toContain(`instead of ${WRONG_SUM}; nothing was installed`);
    expect(server.takeRequests()).toEqual([`/${ARCHIVE}`]);
    expectNothingLeft();
  });

  test("an archive that the sums do not name, even if its name is the end of another one's", async () => {
    server.replace("go-cache-plugin-musl.tar.gz", "x");
    const outcome = await withSums(`${server.sumOf(ARCHIVE)}  other-go-cache-plugin-musl.tar.gz\n`, () =>
      install(["--to", dir.join("bin"), "--target", "musl"]),
    );
    expect(outcome.stderr).toBe(
      "install.sh: SHA256SUMS of the release has no line for go-cache-plugin-musl.tar.gz\n",
    );
    expectNothingLeft();
  });

  test("a release that does not exist", async () => {
    const base = `${server.url}none`;
    const outcome = await install(["--to", dir.join("bin")], { GO_CACHE_PLUGIN_BASE_URL: base });
    expect(outcome.stderr).toContain(`install.sh: can't download ${base}/SHA256SUMS\n`);
    expectNothingLeft();
  });

  test("a target without an archive", async () => {
    const outcome = await install(["--to", dir.join("bin"), "--target", "plan9-mips"]);
    expect(outcome.stderr).toBe(
      "install.sh: SHA256SUMS of the release has no line for go-cache-plugin-plan9-mips.tar.gz\n",
    );
    expectNothingLeft();
  });

  test.each([
    [["--nonsense"], "unknown option --nonsense; see --help"],
    [["--to"], "--to needs a value; see --help"],
  ])("%j", async (args, message) => {
    expect(await install(args)).toEqual({ stdout: "", stderr: `install.sh: ${message}\n`, exitCode: 1 });
    expect(server.takeRequests()).toEqual([]);
  });

  test.each([
    ["no such machine", "the program does not start here: no such machine"],
    [
      // The message of Alpine's loader.
      "Error loading shared library libstdc++.so.6: No such file or directory (needed by go-cache-plugin)",
      "the C++ runtime is missing here; on Alpine: apk add libstdc++ libgcc",
    ],
  ])("what does not start here: %s", async (said, message) => {
    mkdirSync(dir.join("fake"));
    writeFileSync(dir.join("fake/go-cache-plugin"), `#!/bin/sh\necho "${said}" >&2\nexit 127\n`);
    await run(["tar", "-czf", dir.join("fake.tgz"), "-C", dir.join("fake"), "go-cache-plugin"]);
    const archive = await Bun.file(dir.join("fake.tgz")).bytes();
    const sum = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
    server.replace("go-cache-plugin-fake.tar.gz", archive);
    const outcome = await install(["--to", dir.join("bin"), "--target", "fake", "--sha256", sum]);
    expect(outcome.stderr).toBe(`install.sh: ${message}\n`);
    expect(existsSync(dir.join("bin"))).toBe(false);
  });
});

describe("installs", () => {
  test("the archive for this machine, over an older version", async () => {
    mkdirSync(dir.join("bin"));
    writeFileSync(dir.join("bin/go-cache-plugin"), "old");
    const outcome = await install(["--to", dir.join("bin")], {
      PATH: `${dir.join("bin")}:${process.env.PATH}`,
    });
    // The sums may name only one of the targets that this machine can be.
    expect(outcome).toEqual({
      stdout: expect.stringMatching(/^go-cache-plugin \d+\.\d+\.\d+ .*: \S+\/bin\/go-cache-plugin\n$/),
      stderr: "",
      exitCode: 0,
    });
    expect(readdirSync(dir.join("bin"))).toEqual(["go-cache-plugin"]);
    const version = await run([dir.join("bin/go-cache-plugin"), "version"]);
    expect(version.stdout).toStartWith("go-cache-plugin ");
  });

  test("from the smaller archive, if there is a zstd", async () => {
    const outcome = await install(["--to", dir.join("bin"), "--target", "linux-x64"]);
    expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    expect(server.takeRequests()).toEqual(["/SHA256SUMS", "/go-cache-plugin-linux-x64.tar.zst"]);
  });

  test("from the larger one, if the release has no smaller one", async () => {
    const outcome = await withSums(`${server.sumOf(ARCHIVE)}  ${ARCHIVE}\n`, () =>
      install(["--to", dir.join("bin"), "--target", "linux-x64"]),
    );
    expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    expect(server.takeRequests()).toEqual(["/SHA256SUMS", `/${ARCHIVE}`]);
  });

  test("into a directory that is not on the PATH, and says so", async () => {
    const outcome = await install(["--to", dir.join("a b/bin"), "--target", "linux-x64"]);
    expect(outcome.stdout).toContain(`Put ${dir.join("a b/bin")} on your PATH`);
    expect(readdirSync(dir.join("a b/bin"))).toEqual(["go-cache-plugin"]);
  });

  test("with wget and openssl, if there is no curl and no sha256sum", async () => {
    mkdirSync(dir.join("tools"));
    const tools = [
      "awk",
      "basename",
      "chmod",
      "cp",
      "grep",
      "gzip",
      "mkdir",
      "mktemp",
      "mv",
      "openssl",
      "rm",
      "sh",
      "tar",
      "uname",
      "wget",
    ];
    for (const tool of tools) symlinkSync(Bun.which(tool) ?? "", dir.join("tools", tool));
    const outcome = await install(["--to", dir.join("bin"), "--target", "linux-x64"], {
      PATH: dir.join("tools"),
    });
    expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
  });
});

test("is a script for every POSIX shell, and explains its options", async () => {
  const outcome = await install(["--help"]);
  expect(outcome.stdout).toStartWith("usage: sh install.sh [--version TAG]");
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
});

test("downloads the releases of the repository in package.json", async () => {
  const script = await Bun.file(join(PROJECT_DIR, "install.sh")).text();
  expect(script).toContain(`\nREPOSITORY=${repository.replace(/^github:/, "")}\n`);
});

test("a release has sums of all its files, and a bill of materials that names what runs", async () => {
  const names = releaseText(server, "SHA256SUMS")
    .trim()
    .split("\n")
    .map((line) => line.split("  ")[1]);
  expect(names).toEqual([ARCHIVE.replace("gz", "zst"), ARCHIVE, "install.sh", "sbom.cdx.json"]);
  const check = await run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: server.dir });
  expect(check).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  const bill = JSON.parse(releaseText(server, "sbom.cdx.json"));
  const components = bill.components.map(({ name }: { name: string }) => name);
  expect(components).toEqual(expect.arrayContaining(["bun", "citty", "@smithy/signature-v4"]));
  expect(components).not.toContain("typescript");
});

test("no release is made while its repository is a placeholder", async () => {
  for (const name of ["release.ts", "targets.ts"]) copyFileSync(join(PROJECT_DIR, name), dir.join(name));
  const description = { ...packageJson, repository: "github:OWNER/go-cache-plugin" };
  writeFileSync(dir.join("package.json"), JSON.stringify(description));
  symlinkSync(join(PROJECT_DIR, "node_modules"), dir.join("node_modules"));
  const outcome = await run([process.execPath, "release.ts"], { cwd: dir.path, env: plainEnv() });
  expect(outcome.stderr).toContain("set repository in package.json");
  expect(outcome.exitCode).toBe(1);
  expect(existsSync(dir.join("dist"))).toBe(false);
});
