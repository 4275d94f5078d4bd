/** Whose programs a helper keeps. Runs as root, which may read all of them. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { hexOf, idOf } from "../../support/ids.ts";
import { madeProgram } from "../../support/made-program.ts";
import { plainEnv } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const OTHER = 65_533;
const ACTION = idOf("link");
const PROGRAM = madeProgram(hexOf(ACTION));

let dir: TempDir;
let folder: string;
let program: string;

/** A work folder with a program, as go leaves it until its helper has answered the close. */
beforeEach(() => {
  dir = tempDir("whose");
  folder = dir.join("tmp", "go-build123");
  program = `${folder}/b001/exe/greet`;
  mkdirSync(`${folder}/b001/exe`, { recursive: true });
  chmodSync(folder, 0o700);
  writeFileSync(program, PROGRAM, { mode: 0o755 });
});
afterEach(() => dir[Symbol.dispose]());

/** Whether a helper that missed the program's action has kept it when it answers the close. */
async function isKept(): Promise<boolean> {
  const env = plainEnv({ GOCACHE: dir.join("gocache"), TMPDIR: dir.join("tmp") });
  {
    await using client = await CacheprogClient.start({ args: [], env });
    expect(await client.get(ACTION)).toMatchObject({ Miss: true });
    expect((await client.close()).Err).toBeUndefined();
    expect(await client.finish()).toMatchObject({ exitCode: 0, stderr: "" });
  }
  await using client = await CacheprogClient.start({ args: [], env });
  const { Miss, DiskPath = "" } = await client.get(ACTION);
  if (Miss !== true) expect((await Bun.file(DiskPath).bytes()).join()).toBe(PROGRAM.join());
  await client.finish();
  return Miss !== true;
}

test("a program of this user is kept", async () => {
  expect(await isKept()).toBe(true);
});

test.each([
  ["in a folder of another user", () => chownSync(folder, OTHER, OTHER)],
  ["of another user", () => chownSync(program, OTHER, OTHER)],
  ["in a folder that others may open", () => chmodSync(folder, 0o711)],
  ["that others may write", () => chmodSync(program, 0o777)],
  ["with other bytes", () => writeFileSync(program, Buffer.concat([PROGRAM, Buffer.from("x")]))],
  ["of another action", () => writeFileSync(program, madeProgram(hexOf(idOf("another"))))],
  ["with no name of its own", () => renameSync(program, `${folder}/b001/exe/a.out`)],
  [
    "behind a link",
    () => {
      renameSync(program, dir.join("elsewhere"));
      symlinkSync(dir.join("elsewhere"), program);
    },
  ],
  [
    "in a folder behind a link",
    () => {
      renameSync(folder, dir.join("elsewhere"));
      symlinkSync(dir.join("elsewhere"), folder);
    },
  ],
])("a program %s is not", async (_, change) => {
  change();
  expect(await isKept()).toBe(false);
});
