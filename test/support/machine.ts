import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, gocacheprog, TOOL_CACHE_DIR } from "./binary.ts";
import { chainModule } from "./go-project.ts";
import { type GoMachine, type GoRelease, go, NEWEST_GO } from "./go-toolchain.ts";
import { run } from "./process.ts";
import { settled } from "./settled.ts";
import { tempDir } from "./temp-dir.ts";

/** A machine that runs go with the helper; its cache is where the helper puts it by itself. */
export interface Machine extends GoMachine {
  cacheDir: string;
}

/** A machine with an empty disk below `dir`. */
export function newMachine(
  dir: string,
  options: { release?: GoRelease; flags?: string[]; env?: Record<string, string> } = {},
): Machine {
  const gocache = join(dir, "gocache");
  mkdirSync(gocache, { recursive: true });
  return {
    release: options.release ?? NEWEST_GO,
    gocache,
    cacheDir: join(gocache, "go-cache-plugin"),
    cacheprog: gocacheprog(...(options.flags ?? [])),
    env: options.env ?? {},
  };
}

/** A machine that starts with everything `original` has on its disk. */
export async function copyMachine(
  original: Machine,
  dir: string,
  options: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<Machine> {
  const machine = newMachine(dir, { ...options, release: original.release });
  await run(["cp", "-a", "--reflink=auto", `${original.gocache}/.`, machine.gocache]);
  return machine;
}

/**
 * A machine on which this executable has already compiled what a `chainModule` needs of the standard library to be
 * built, tested and listed: the runtime and `testing`. Nothing of it is in a bucket; the packed layout stores what a
 * build uses of it. Its original is made once for each executable, release and `trimpath`, and kept in
 * `.cache/machines`.
 */
export async function warmMachine(
  dir: string,
  options: { release?: GoRelease; trimpath?: boolean; flags?: string[]; env?: Record<string, string> } = {},
): Promise<Machine> {
  const { release = NEWEST_GO, trimpath = false } = options;
  executableHash ??= Bun.file(binaryPath())
    .bytes()
    .then((bytes) => Bun.hash(bytes).toString(16));
  const executable = await executableHash;
  const home = join(TOOL_CACHE_DIR, "machines", `${executable}-${release}${trimpath ? "-trimpath" : ""}`);
  if (!existsSync(home)) await makeWarm(home, { release, trimpath });
  return await copyMachine(newMachine(home, { release }), dir, options);
}

let executableHash: Promise<string> | undefined;

/** Several processes may do this at once: the first one's is kept. */
async function makeWarm(home: string, options: { release: GoRelease; trimpath: boolean }): Promise<void> {
  await using dir = tempDir("warm");
  const env = { GOFLAGS: options.trimpath ? "-trimpath" : "" };
  const half = `${home}.${process.pid}`;
  const machine = newMachine(half, { release: options.release, env });
  const cwd = chainModule(dir.join("module"), { name: "warm", count: 1 });
  const commands = [
    ["build", "-o", dir.join("program"), "."],
    ["test", "./..."],
    ["list", "-export", "-deps", "./..."],
  ];
  for (const args of commands) {
    const { exitCode, stderr } = await go(machine, args, { cwd });
    if (exitCode !== 0) throw new Error(`a warm machine can't be made: ${stderr}`);
  }
  await settled(machine);
  try {
    renameSync(half, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
    rmSync(half, { recursive: true });
  }
}
