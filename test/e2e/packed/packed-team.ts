/** Machines that share one directory as their bucket, in the packed layout. */

import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { countCompiles, type GoOutcome, go, helperLines } from "../../support/go-toolchain.ts";
import { type Machine, newMachine } from "../../support/machine.ts";
import { plainEnv } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { warmMachine } from "../../support/warm-machine.ts";

/** Avoids that a helper calls go. */
const HOST_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

export class PackedTeam {
  readonly bucket: string;
  readonly #dir: string;
  #machines = 0;

  constructor(dir: string) {
    this.#dir = dir;
    this.bucket = join(dir, "bucket");
    mkdirSync(this.bucket, { recursive: true });
  }

  /** A machine with an empty disk. */
  newMachine(env: Record<string, string> = {}, flags: string[] = []): Machine {
    return newMachine(this.#newHome(), { flags: this.#flags(flags), env });
  }

  /**
   * A machine that has cached the part of the standard library that a `chainModule` needs. Commands that use those
   * entries also upload them.
   */
  warmMachine(env: Record<string, string> = {}, flags: string[] = []): Promise<Machine> {
    return warmMachine(this.#newHome(), { trimpath: true, flags: this.#flags(flags), env });
  }

  #newHome(): string {
    this.#machines++;
    return join(this.#dir, `machine-${this.#machines}`);
  }

  #flags(further: string[]): string[] {
    return [`--bucket=file://${this.bucket}`, ...further];
  }

  /** Starts a helper of the machine `name` as go does. */
  startHelper(
    name: string,
    options: { env?: Record<string, string>; cwd?: string; detached?: boolean } = {},
  ): Promise<CacheprogClient> {
    const { env = {}, cwd = this.#dir, ...how } = options;
    const args = [`--bucket=file://${this.bucket}`, `--cache-dir=${join(this.#dir, name)}`];
    return CacheprogClient.start({ args, env: plainEnv({ ...HOST_ENV, ...env }), cwd, ...how });
  }

  /** The paths of the bucket's objects of one kind: `pack`, `run`, `new`, `head`, `shared`. */
  objects(kind: string): string[] {
    return objectsIn(this.bucket, kind);
  }

  /** Builds, waits for the helper to exit, and expects no output from it. Returns the number of compiled packages. */
  async build(machine: Machine, project: string): Promise<number> {
    const outcome = await this.buildNoisily(machine, project);
    expect(helperLines(outcome)).toEqual([]);
    return countCompiles(outcome);
  }

  /** The same, with output allowed. */
  async buildNoisily(machine: Machine, project: string): Promise<GoOutcome> {
    const outcome = await go(machine, ["build", "-x", "-trimpath", "-o", "/dev/null", "./..."], {
      cwd: project,
    });
    expect({ exitCode: outcome.exitCode, stderr: outcome.exitCode === 0 ? "" : outcome.stderr }).toEqual({
      exitCode: 0,
      stderr: "",
    });
    await settled(machine);
    return outcome;
  }
}

/** The paths of one kind of objects of a bucket. */
export function objectsIn(bucket: string, kind: string): string[] {
  const root = join(bucket, "packed", "v1", kind);
  return filesBelow(root).map((name) => join(root, name));
}
