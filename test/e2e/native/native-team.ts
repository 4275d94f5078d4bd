/** Machines without a helper that share one directory as their bucket. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import {
  countCompiles,
  type GoMachine,
  type GoOutcome,
  type GoRelease,
  go,
  goEnv,
  NEWEST_GO,
} from "../../support/go-toolchain.ts";
import { sha256Hex } from "../../support/ids.ts";
import { newMachine } from "../../support/machine.ts";
import { type Outcome, run } from "../../support/process.ts";
import { nativeMachine } from "../../support/warm-machine.ts";

/** A CI, so that the scope does not depend on the day. */
export const CI_ENV = {
  DRONE: "true",
  DRONE_BUILD_NUMBER: "7",
  DRONE_BRANCH: "main",
  DRONE_REPO_BRANCH: "main",
};

/** Flags of a bucket that never answers. */
export const DEAD = ["--bucket=dead-bucket", "--s3-endpoint-url=http://127.0.0.1:1", "--region=us-east-1"];

export class NativeTeam {
  readonly bucket: string;
  readonly flags: string[];
  readonly #dir: string;
  #machines = 0;

  constructor(dir: string) {
    this.#dir = dir;
    this.bucket = join(dir, "bucket");
    this.flags = [`--bucket=file://${this.bucket}`];
    mkdirSync(this.bucket, { recursive: true });
  }

  /** A machine with an empty cache. */
  newMachine(release: GoRelease = NEWEST_GO): GoMachine {
    return { release, gocache: newMachine(this.newHome()).gocache, env: CI_ENV };
  }

  /** A machine whose cache has Go's runtime: of the newest release for `-trimpath`, of others without it. */
  async warmMachine(release?: GoRelease): Promise<GoMachine> {
    const kind = release === undefined ? { trimpath: true } : { release };
    return { ...(await nativeMachine(this.newHome(), kind)), env: CI_ENV };
  }

  newHome(): string {
    return join(this.#dir, `machine-${++this.#machines}`);
  }

  /** Runs the program on a machine. */
  async program(
    machine: GoMachine,
    cwd: string,
    args: string[],
    env: Record<string, string> = {},
  ): Promise<Outcome> {
    const [command = "", ...rest] = args;
    return await run([binaryPath(), command, ...this.flags, ...rest], {
      cwd,
      env: { ...(await goEnv(machine)), ...env },
    });
  }

  /** Builds, and returns the number of compiled packages. */
  async build(machine: GoMachine, cwd: string): Promise<number> {
    return countCompiles(
      await succeeded(go(machine, ["build", "-x", "-trimpath", "-o", "/dev/null", "./..."], { cwd })),
    );
  }
}

/** Throws unless the command has succeeded. */
export async function succeeded(outcome: Promise<GoOutcome>): Promise<GoOutcome> {
  const result = await outcome;
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return result;
}

/** How many programs a command with `-x` linked. */
export function countLinks({ stderr }: { stderr: string }): number {
  return stderr.match(/^(?:GOROOT=\S+ )?\S*\/link -o /gm)?.length ?? 0;
}

/** The entries of go's own cache, and the files in it that are not what their names say. */
export function checkGoCache(gocache: string): { entries: number; wrong: string[] } {
  const names = filesBelow(gocache).filter((name) => /^[0-9a-f]{2}[/]/.test(name));
  const outputs = new Map(
    names
      .filter((name) => !name.endsWith("-a"))
      .map((name) => [name.slice(3, 67), readFileSync(join(gocache, name))]),
  );
  const actions = names.filter((name) => name.endsWith("-a"));
  const isWrong = (name: string) => {
    if (!name.endsWith("-a")) return sha256Hex(outputs.get(name.slice(3, 67)) ?? "") !== name.slice(3, 67);
    const [, action, output = "", size] = readFileSync(join(gocache, name), "latin1").split(/ +/);
    return action !== name.slice(3, 67) || String(outputs.get(output)?.length) !== size;
  };
  return { entries: actions.length, wrong: names.filter(isWrong) };
}

/** The names of the records of runs in the bucket. */
export function runRecords(bucket: string): string[] {
  const root = join(bucket, "packed", "v1", "run");
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".zst"));
}
