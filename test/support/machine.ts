import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gocacheprog } from "./binary.ts";
import { type GoMachine, type GoRelease, NEWEST_GO } from "./go-toolchain.ts";
import { run } from "./process.ts";

/** A machine that runs go with the helper, and with the default cache directory. */
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

/** A machine that starts with a copy of `original`'s disk. */
export async function copyMachine(
  original: Machine,
  dir: string,
  options: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<Machine> {
  const machine = newMachine(dir, { ...options, release: original.release });
  const argv = ["cp", "-a", "--reflink=auto", `${original.gocache}/.`, machine.gocache];
  const { exitCode, stderr } = await run(argv);
  if (exitCode !== 0) throw new Error(`a machine can't be copied: ${stderr}`);
  return machine;
}
