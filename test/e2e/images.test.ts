/** The short form of `npm run images`: bare file systems that need no more than this machine and two packages. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildTimer } from "../images/programs.ts";
import { fillScratch, fillWithLibc } from "../images/roots.ts";
import { type ImageSetting, tryImage } from "../images/try-image.ts";
import { binaryPath, PROJECT_DIR } from "../support/binary.ts";
import { elfNeeds } from "../support/elf.ts";
import { goRoot } from "../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

let dir: TempDir;
let programs: string;

beforeAll(async () => {
  dir = tempDir("images");
  programs = dir.join("bin");
  mkdirSync(programs);
  copyFileSync(binaryPath(), join(programs, "go-cache-plugin"));
  await buildTimer(join(programs, "timer"));
});
afterAll(() => dir[Symbol.dispose]());

async function setting(): Promise<ImageSetting> {
  return { programs, goRoot: await goRoot(), bucket: dir.join("bucket") };
}

/** A new root, filled. */
async function filled(name: string, fill: (root: string) => Promise<void>): Promise<string> {
  const root = dir.join(name);
  mkdirSync(root);
  await fill(root);
  return root;
}

test("without a C library the kernel finds no loader, and nothing starts", async () => {
  const result = await tryImage(await filled("scratch", async () => {}), await setting());
  expect(result.start).toMatchObject({ exitCode: 127, stderr: expect.stringContaining("No such file") });
});

test("with the C library's package alone, go builds, and a second machine compiles nothing", async () => {
  const result = await tryImage(await filled("libc", fillWithLibc), await setting());
  expect(result.start.stderr).toBe("");
  expect(result.compiles?.[0]).toBeGreaterThan(3);
  expect(result.compiles?.[1]).toBe(0);
});

test("with nothing but the libraries that ldd names, too, and the bucket of before", async () => {
  const root = await filled("ldd", (path) => fillScratch(path, binaryPath()));
  const result = await tryImage(root, await setting());
  expect(result.start.stderr).toBe("");
  expect(result.compiles).toEqual([0, 0]);
  expect(result.helloMs).toBeGreaterThan(0);
});

test("docs/install.md names the glibc that the program needs, and each library is one of glibc's", async () => {
  const { glibc, libraries } = await elfNeeds(binaryPath());
  const page = readFileSync(join(PROJECT_DIR, "docs/install.md"), "utf8");
  expect(/glibc ([\d.]+) or newer/.exec(page)?.[1]).toBe(glibc);
  const of = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"];
  const others = libraries.filter((name) => !of.includes(name) && !name.startsWith("ld-linux"));
  expect(others).toEqual([]);
});
