/** Machines with Go's runtime already compiled: that takes ten seconds, and few tests are about it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, TOOL_CACHE_DIR } from "./binary.ts";
import { CacheprogClient } from "./cacheprog-client.ts";
import { chainModule } from "./go-project.ts";
import { GO_RELEASES, type GoMachine, type GoRelease, go, NEWEST_GO } from "./go-toolchain.ts";
import { copyMachine, type Machine, newMachine } from "./machine.ts";
import { makeOnce } from "./make-once.ts";
import { plainEnv } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

const MACHINES_DIR = join(TOOL_CACHE_DIR, "machines");
/** Longer than a test run with an earlier executable takes. */
const KEPT_MS = 3_600_000;

interface Kind {
  release: GoRelease;
  trimpath: boolean;
}

/**
 * A machine that has cached, by this executable, the part of the standard library that a `chainModule` needs to be
 * built, tested and listed: the runtime and `testing`. The bucket has none of it; the packed layout stores what a build
 * uses.
 */
export async function warmMachine(
  dir: string,
  options: Partial<Kind> & { flags?: string[]; env?: Record<string, string> } = {},
): Promise<Machine> {
  const { release = NEWEST_GO, trimpath = false } = options;
  const original = await originalOf({ release, trimpath });
  return await copyMachine(newMachine(original, { release }), dir, options);
}

/** Makes all of them for this executable, so that tests find them, and removes those of earlier executables. */
export async function prepareWarmMachines(): Promise<void> {
  mkdirSync(MACHINES_DIR, { recursive: true });
  for (const name of readdirSync(MACHINES_DIR)) {
    const path = join(MACHINES_DIR, name);
    const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
  for (const release of GO_RELEASES) await originalOf({ release, trimpath: false });
  await originalOf({ release: NEWEST_GO, trimpath: true });
}

/** The home of the machine that all others of a kind are copied from; made once for each executable. */
async function originalOf(kind: Kind): Promise<string> {
  executableHash ??= Bun.file(binaryPath())
    .bytes()
    .then((bytes) => Bun.hash(bytes).toString(16));
  const home = join(MACHINES_DIR, `${await executableHash}-${nameOf(kind)}`);
  if (existsSync(home)) return home;
  const compiled = await compiledByGo(kind);
  return await makeOnce(home, async (half) => {
    const { gocache } = newMachine(half);
    await using client = await CacheprogClient.start({ args: [], env: plainEnv({ GOCACHE: gocache }) });
    const puts = entriesOf(compiled).map(({ actionId, path }) => client.put(actionId, readFileSync(path)));
    for (const { Err } of await Promise.all(puts)) if (Err !== undefined) throw new Error(Err);
    const { exitCode, stderr } = await client.finish();
    if (exitCode !== 0 || stderr !== "") throw new Error(`cannot make a warm machine: ${stderr}`);
  });
}

let executableHash: Promise<string> | undefined;

/** A machine without a helper, whose own cache has what `warmMachine` has. */
export async function nativeMachine(dir: string, options: Partial<Kind> = {}): Promise<GoMachine> {
  const { release = NEWEST_GO, trimpath = false } = options;
  const original = { ...newMachine(dir, { release }), gocache: await compiledByGo({ release, trimpath }) };
  const { gocache } = await copyMachine(original, dir);
  return { release, gocache };
}

/** Go's own cache after a small module was built, tested and listed without the executable; kept permanently. */
async function compiledByGo(kind: Kind): Promise<string> {
  return await makeOnce(join(TOOL_CACHE_DIR, "compiled", nameOf(kind)), async (half) => {
    await using dir = tempDir("compiled");
    const env = { GOFLAGS: kind.trimpath ? "-trimpath" : "" };
    const machine = { release: kind.release, gocache: half, env };
    const cwd = chainModule(dir.join("module"), { name: "warm", count: 1 });
    const commands = [
      ["build", "-o", dir.join("program"), "."],
      ["test", "./..."],
      ["list", "-export", "-deps", "./..."],
    ];
    for (const args of commands) {
      const { exitCode, stderr } = await go(machine, args, { cwd });
      if (exitCode !== 0) throw new Error(`cannot compile the cache of warm machines: ${stderr}`);
    }
  });
}

/** Go's cache has a file `<action>-a` for each entry, with `v1 <action> <output> …`, and its bytes in `<output>-d`. */
function entriesOf(gocache: string): { actionId: string; path: string }[] {
  const names = readdirSync(gocache, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith("-a"))
    .map((name) => {
      const [, action = "", output = ""] = readFileSync(join(gocache, name), "latin1").split(" ");
      const path = join(gocache, output.slice(0, 2), `${output}-d`);
      return { actionId: Buffer.from(action, "hex").toString("base64"), path };
    });
}

function nameOf({ release, trimpath }: Kind): string {
  return `${release}${trimpath ? "-trimpath" : ""}`;
}
