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
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../package.json" with { type: "json" };
import { PROJECT_DIR } from "../support/binary.ts";
import { filesBelow } from "../support/file-tree.ts";
import { plainEnv, run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { type ReleaseServer, releaseText, startReleaseServer } from "./release-server.ts";

// A guard against hanging only.
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

/** Nothing is installed, and nothing is left lying around. */
function expectNothingLeft(): void {
  expect(filesBelow(dir.path)).toEqual([]);
  expect(readdirSync(dir.path)).toEqual([]);
}

describe("refuses, and leaves nothing behind:", () => {
  test("an archive with another sum than the release's", async () => {
    const original = server.sumOf(ARCHIVE);
    server.replace("SHA256SUMS", `${WRONG_SUM}  ${ARCHIVE}\n`);
    const outcome = await install(["--to", dir.join("bin"), "--target", "linux-x64"]);
    server.replace("SHA256SUMS", `${original}  ${ARCHIVE}\n`);
    expect(outcome).toEqual({
      stdout: "",
      stderr: `install.sh: ${ARCHIVE} has the SHA-256 ${original} instead of ${WRONG_SUM}; nothing was installed\n`,
      exitCode: 1,
    });
    expectNothingLeft();
  });

  test("an archive with another sum than one's own", async () => {
    const outcome = await install(["--to", dir.join("bin"), "--target", "linux-x64", "--sha256", WRONG_SUM]);
    expect(outcome.stderr).toContain(`instead of ${WRONG_SUM}; nothing was installed`);
    expect(server.takeRequests()).toEqual([`/${ARCHIVE}`]);
    expectNothingLeft();
  });

  test("an archive that the sums do not name, even where its name ends another's", async () => {
    server.replace("go-cache-plugin-musl.tar.gz", "x");
    server.replace("SHA256SUMS", `${server.sumOf(ARCHIVE)}  other-go-cache-plugin-musl.tar.gz\n`);
    const outcome = await install(["--to", dir.join("bin"), "--target", "musl"]);
    server.replace("SHA256SUMS", `${server.sumOf(ARCHIVE)}  ${ARCHIVE}\n`);
    expect(outcome.stderr).toBe(
      "install.sh: SHA256SUMS of the release has no line for go-cache-plugin-musl.tar.gz\n",
    );
    expectNothingLeft();
  });

  test("a release that is not there", async () => {
    const outcome = await install(["--to", dir.join("bin"), "--target", "plan9-mips"]);
    expect(outcome.stderr).toContain(
      `install.sh: can't download ${server.url}go-cache-plugin-plan9-mips.tar.gz\n`,
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

  test("what does not start here", async () => {
    mkdirSync(dir.join("fake"));
    writeFileSync(dir.join("fake/go-cache-plugin"), "#!/bin/sh\necho no such machine >&2\nexit 3\n");
    await run(["tar", "-czf", dir.join("fake.tgz"), "-C", dir.join("fake"), "go-cache-plugin"]);
    const archive = await Bun.file(dir.join("fake.tgz")).bytes();
    const sum = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
    server.replace("go-cache-plugin-fake.tar.gz", archive);
    const outcome = await install(["--to", dir.join("bin"), "--target", "fake", "--sha256", sum]);
    expect(outcome.stderr).toBe("install.sh: the program does not start here: no such machine\n");
    expect(existsSync(dir.join("bin"))).toBe(false);
  });
});

describe("installs", () => {
  test("what this machine needs, over what was there", async () => {
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

  test("into a directory that is not on the PATH, and says so", async () => {
    const outcome = await install(["--to", dir.join("a b/bin"), "--target", "linux-x64"]);
    expect(outcome.stdout).toContain(`Put ${dir.join("a b/bin")} on your PATH`);
    expect(readdirSync(dir.join("a b/bin"))).toEqual(["go-cache-plugin"]);
  });

  test("with wget and openssl, where there is no curl and no sha256sum", async () => {
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

test("it is a script for any POSIX shell, and says what it can do", async () => {
  const outcome = await install(["--help"]);
  expect(outcome.stdout).toStartWith("usage: sh install.sh [--version TAG]");
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
});

test("whose releases it downloads is said in package.json", async () => {
  const script = await Bun.file(join(PROJECT_DIR, "install.sh")).text();
  expect(script).toContain(`\nREPOSITORY=${repository.replace(/^github:/, "")}\n`);
});

test("a release has sums of all its files, and a bill of materials that names what runs", async () => {
  const names = releaseText(server, "SHA256SUMS")
    .trim()
    .split("\n")
    .map((line) => line.split("  ")[1]);
  expect(names).toEqual([ARCHIVE, "install.sh", "sbom.cdx.json"]);
  const check = await run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: server.dir });
  expect(check).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  const bill = JSON.parse(releaseText(server, "sbom.cdx.json"));
  const components = bill.components.map(({ name }: { name: string }) => name);
  expect(components).toEqual(expect.arrayContaining(["bun", "citty", "@smithy/signature-v4"]));
  expect(components).not.toContain("typescript");
});
