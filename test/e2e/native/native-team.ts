/** Machines without a helper that share one directory as their bucket. */
import { expect } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import {
  countCompiles,
  type GoMachine,
  type GoRelease,
  go,
  goEnv,
  NEWEST_GO,
} from "../../support/go-toolchain.ts";
import { sha256Hex } from "../../support/ids.ts";
import { newMachine } from "../../support/machine.ts";
import { type Outcome, type Running, run, start } from "../../support/process.ts";
import { nativeMachine } from "../../support/warm-machine.ts";
import { objectsIn } from "../packed/packed-team.ts";

/** A CI, so that the scope does not depend on the day. */
export const CI_ENV = {
  DRONE: "true",
  DRONE_BUILD_NUMBER: "7",
  DRONE_BRANCH: "main",
  DRONE_REPO_BRANCH: "main",
};

/** Flags of a bucket that never answers. */
export const DEAD = ["--bucket=dead-bucket", "--s3-endpoint-url=http://127.0.0.1:1", "--region=us-east-1"];
export const DEAD_NAME = "remote cache s3://dead-bucket at http://127.0.0.1:1";

/** A command that succeeds, and says nothing on stderr. */
export const QUIET = { exitCode: 0, stderr: "" };

/** A command that succeeds, with one line on stderr. `text`: a pattern for a part of it. */
export const inOneLine = (text: string) => ({
  exitCode: 0,
  stdout: expect.any(String),
  stderr: expect.stringMatching(new RegExp(`^go-cache-plugin: .*${text}.*\n$`)),
});

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

  /** A warm machine that used its cache long ago: a run on it records what it uses alone, which is little. */
  async idleMachine(): Promise<GoMachine> {
    const machine = await this.warmMachine();
    const touch = ["-exec", "touch", "-d", "1 day ago", "{}", "+"];
    await succeeded(run(["find", machine.gocache, "-type", "f", ...touch]));
    return machine;
  }

  /** The paths of the bucket's objects of one kind: `pack`, `run`, `new`, `head`. */
  objects(kind: string): string[] {
    return objectsIn(this.bucket, kind);
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
    await using running = await this.start(machine, cwd, args, { env });
    return await running.outcome;
  }

  /** Starts it. `wrapper`: the words before it. */
  async start(
    machine: GoMachine,
    cwd: string,
    args: string[],
    { env = {}, wrapper = [] }: { env?: Record<string, string>; wrapper?: string[] } = {},
  ): Promise<Running> {
    const [command = "", ...rest] = args;
    return start([...wrapper, binaryPath(), command, ...this.flags, ...rest], {
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
export async function succeeded<T extends Outcome>(outcome: Promise<T>): Promise<T> {
  const result = await outcome;
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return result;
}

/** How many programs a command with `-x` linked. */
export function countLinks({ stderr }: { stderr: string }): number {
  return stderr.match(/^(?:GOROOT=\S+ )?\S*\/link -o /gm)?.length ?? 0;
}

/** What is in go's own cache. */
export interface GoCacheState {
  entries: number;
  /** Files that are not what their names say: other or fewer bytes, or an entry without its output. */
  wrong: string[];
  /** Files that go neither reads nor made. */
  unfinished: string[];
}

const OF_GO = /^[0-9a-f]{2}[/][0-9a-f]{64}-(?:a|d|d[/][^/]+)$/;

export function checkGoCache(gocache: string): GoCacheState {
  const all = filesBelow(gocache).filter((name) => /^[0-9a-f]{2}[/]/.test(name));
  const names = all.filter((name) => OF_GO.test(name));
  const isAction = (name: string) => name.endsWith("-a");
  const bytesOf = new Map(
    names
      .filter((name) => !isAction(name))
      .map((name) => [name.slice(3, 67), readFileSync(join(gocache, name))]),
  );
  const isWrong = (name: string) => {
    const id = name.slice(3, 67);
    if (!isAction(name)) return sha256Hex(bytesOf.get(id) ?? "") !== id;
    const [, action, output = "", size] = readFileSync(join(gocache, name), "latin1").split(/ +/);
    return action !== id || String(bytesOf.get(output)?.length) !== size;
  };
  return {
    entries: names.filter(isAction).length,
    wrong: names.filter(isWrong),
    unfinished: all.filter((name) => !OF_GO.test(name)),
  };
}

/** A cache with entries where all is right. */
export const SOUND: GoCacheState = { entries: expect.any(Number), wrong: [], unfinished: [] };

/** The names of the records of runs in the bucket. */
export function runRecords(bucket: string): string[] {
  const root = join(bucket, "packed", "v1", "run");
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".zst"));
}
