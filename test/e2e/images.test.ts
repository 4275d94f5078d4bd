/** The short form of `npm run images`: bare file systems made from this machine and two packages. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fillScratch, fillWithLibc } from "../images/roots.ts";
import { IMAGE_MODULE, type ImageResult, imageRoot, tryImage } from "../images/try-image.ts";
import { binaryPath, PROJECT_DIR } from "../support/binary.ts";
import { elfNeeds } from "../support/elf.ts";
import { chainModule } from "../support/go-project.ts";
import { go, goRoot } from "../support/go-toolchain.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let programs: string;

beforeAll(async () => {
  dir = tempDir("images");
  programs = dir.join("bin");
  mkdirSync(programs);
  copyFileSync(binaryPath(), join(programs, "go-cache-plugin"));
  await fillBucket();
});
afterAll(() => dir[Symbol.dispose]());

/** Contains the standard library, from a job that has built a part of the module. */
async function fillBucket(): Promise<void> {
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  const machine = await warmMachine(dir.join("machine"), { trimpath: true, flags });
  const cwd = chainModule(dir.join("module"), { ...IMAGE_MODULE, count: 1 });
  const { exitCode, stderr } = await go(machine, ["build", "-trimpath", "-o", "/dev/null", "."], { cwd });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  await settled(machine);
}

/** Runs the program in a new root with these files. */
async function tryFilled(name: string, fill: (root: string) => Promise<void>): Promise<ImageResult> {
  const root = dir.join(name);
  mkdirSync(root);
  await fill(root);
  return await tryImage(imageRoot(root, { programs, goRoot: await goRoot(), bucket: dir.join("bucket") }));
}

test("without a C library the kernel finds no loader, and nothing starts", async () => {
  const result = await tryFilled("scratch", async () => {});
  expect(result.start).toMatchObject({ exitCode: 127, stderr: expect.stringContaining("No such file") });
});

test("with the C library's package alone, go builds, and a second machine compiles nothing", async () => {
  const result = await tryFilled("libc", fillWithLibc);
  expect(result.start.stderr).toBe("");
  expect(result.compiles?.[0]).toBeGreaterThan(0);
  expect(result.compiles?.[1]).toBe(0);
});

test("also with only the libraries that ldd names, and the same bucket", async () => {
  const result = await tryFilled("ldd", (path) => fillScratch(path, binaryPath()));
  expect(result.start.stderr).toBe("");
  expect(result.compiles).toEqual([0, 0]);
});

test("docs/install.md names the glibc that the program needs, and each library is one of glibc's", async () => {
  const { glibc, libraries } = await elfNeeds(binaryPath());
  const page = readFileSync(join(PROJECT_DIR, "docs/install.md"), "utf8");
  expect(/glibc ([\d.]+) or newer/.exec(page)?.[1]).toBe(glibc);
  const of = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"];
  const others = libraries.filter((name) => !of.includes(name) && !name.startsWith("ld-linux"));
  expect(others).toEqual([]);
});
