/** The compared machines: with an empty disk, and with the helper or go's own cache. */
import { mkdirSync, rmSync } from "node:fs";
import { gocacheprog, s3Flags } from "../support/binary.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import type { BenchContext } from "./context.ts";
import { helperEnd } from "./helper-end.ts";

export type Layout = "packed" | "split" | "both";

export interface MachineOptions {
  /** A directory's name; unique. */
  name: string;
  /** Flags of the helper; `undefined`: go's own cache. */
  flags?: string[] | undefined;
}

/** The helper's flags for a bucket that is reached at `endpoint`. */
export function bucketFlags(
  { server }: Pick<BenchContext, "server">,
  options: { prefix: string; layout: Layout; endpoint: string },
): string[] {
  return s3Flags(server, options);
}

/** A CI runner, which stays until the end. */
export function runner(context: Pick<BenchContext, "dir" | "server">, options: MachineOptions): Machine {
  return machineWith(context, options, ciVariables());
}

/** A developer's machine. */
export function laptop(context: Pick<BenchContext, "dir" | "server">, options: MachineOptions): Machine {
  return machineWith(context, options, {});
}

function machineWith(
  { dir, server }: Pick<BenchContext, "dir" | "server">,
  { name, flags }: MachineOptions,
  variables: Record<string, string>,
): Machine {
  const machine = newMachine(dir.join(name), { env: { ...server.env, ...variables } });
  return flags === undefined ? { ...machine, cacheprog: undefined } : withFlags(machine, flags);
}

/** The same machine with other flags of the helper. */
export function withFlags(machine: Machine, flags: string[]): Machine {
  return { ...machine, cacheprog: gocacheprog(...flags, "--metrics=json") };
}

/** Calls `work` with a runner with an empty disk, which is removed afterwards. */
export async function onRunner<T>(
  context: Pick<BenchContext, "dir" | "server">,
  options: MachineOptions,
  work: (machine: Machine) => Promise<T>,
): Promise<T> {
  const machine = runner(context, options);
  try {
    return await work(machine);
  } finally {
    await helperEnd(machine);
    rmSync(context.dir.join(options.name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes the directory `name`. */
export function makeDir({ dir }: Pick<BenchContext, "dir">, name: string): string {
  mkdirSync(dir.join(name), { recursive: true });
  return dir.join(name);
}

let runs = 0;

/** One job of a branch, in a new run. */
export function ciVariables(): Record<string, string> {
  runs++;
  return {
    GITHUB_ACTIONS: "true",
    GITHUB_WORKFLOW: "ci",
    GITHUB_JOB: "build",
    GITHUB_REF: "refs/heads/main",
    GITHUB_REF_NAME: "main",
    GITHUB_RUN_ID: String(runs),
    GITHUB_RUN_ATTEMPT: "1",
  };
}
