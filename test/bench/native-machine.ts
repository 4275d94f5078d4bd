/** Machines without a helper, whose caches `save` and `restore` read and fill. */
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { type GoMachine, goEnv, goRoot, metricsOf, NEWEST_GO } from "../support/go-toolchain.ts";
import type { BenchContext } from "./context.ts";
import { bucketFlags, ciVariables, makeDir } from "./machines.ts";
import { goWell } from "./measure.ts";

/** One process with all that it starts, from its start to its end. */
export interface ProcessSample {
  seconds: number;
  cpuSeconds: number;
  /** 0: not known. */
  peakBytes: number;
}

/** Where the bucket is. */
export interface BucketPlace {
  prefix: string;
  endpoint: string;
}

/** A CI runner with empty caches below `name`; each call is another run of the same job. */
export function nativeRunner(context: BenchContext, name: string): GoMachine {
  const env = { ...context.server.env, ...ciVariables() };
  return { release: NEWEST_GO, gocache: makeDir(context, join(name, "gocache")), env };
}

/** A machine whose module cache is its own, too. */
export interface ModuleMachine extends GoMachine {
  /** The directory of all that it has. */
  root: string;
  gomodcache: string;
}

/** A CI runner with empty caches below `name`; `proxy`: where go gets modules from, by default as on this machine. */
export async function moduleMachine(
  context: BenchContext,
  name: string,
  proxy?: string,
): Promise<ModuleMachine> {
  const machine = nativeRunner(context, name);
  const root = context.dir.join(name);
  const gomodcache = makeDir(context, join(name, "mod"));
  // The release itself: go would fetch another release into the empty cache.
  const PATH = `${join(await goRoot(), "bin")}:${process.env.PATH}`;
  const own = { GOMODCACHE: gomodcache, GOFLAGS: "-modcacherw", GOTOOLCHAIN: "local", PATH };
  const env = { ...machine.env, ...own, ...(proxy === undefined ? {} : { GOPROXY: proxy }) };
  return { ...machine, root, gomodcache, env };
}

/** A directory that is a module proxy with all modules of a program, fetched as this machine's go does; its URL. */
export async function localProxy(context: BenchContext, name: string, cwd: string): Promise<string> {
  console.error("  fetching modules");
  const machine = await moduleMachine(context, name);
  await goAll(machine, [["mod", "download"]], cwd);
  return `file://${machine.gomodcache}/cache/download`;
}

/** Runs go commands, one after the other, and returns their time in seconds. Throws if one fails. */
export async function goAll(machine: GoMachine, commands: string[][], cwd: string): Promise<number> {
  const startedMs = performance.now();
  for (const args of commands) await goWell(machine, args, cwd);
  return (performance.now() - startedMs) / 1000;
}

/** Runs `save` or `restore` for the caches of a machine. Throws if it fails. */
export async function runNative(
  context: BenchContext,
  command: "save" | "restore",
  on: { machine: GoMachine; place: BucketPlace; cwd: string; flags?: string[] },
): Promise<ProcessSample> {
  const flags = [...bucketFlags(context, { ...on.place, layout: "packed" }), ...(on.flags ?? [])];
  const argv = [binaryPath(), command, ...flags, "--metrics=json"];
  return await measureProcess(argv, { cwd: on.cwd, env: await goEnv(on.machine) });
}

/** Throws if the command fails. */
export async function measureProcess(
  argv: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<ProcessSample> {
  const startedMs = performance.now();
  const child = Bun.spawn(argv, { ...options, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  const seconds = (performance.now() - startedMs) / 1000;
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  const cpuMicros = Number(child.resourceUsage()?.cpuTime.total ?? 0);
  return {
    seconds,
    cpuSeconds: cpuMicros / 1e6,
    peakBytes: metricsOf({ stderr }).peak_memory_bytes ?? 0,
  };
}
