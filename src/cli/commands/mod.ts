/** `go-cache-plugin mod TASK`: fill, check, take in and hand out the modules that `serve --modproxy` serves. */

import { defineCommand } from "citty";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { printable } from "../../lib/text/printable.ts";
import type { Call } from "../call.ts";
import { MOD_TASKS } from "../commands.ts";
import { makeLogger } from "../make-logger.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

type Modules = typeof import("../../app/modules/modules.ts");
type Task = Parameters<Modules["verifyStoredModules"]>[0];

/** Does one task; what it returns is the exit code. */
type Run = (modules: Modules, task: Task, paths: readonly string[]) => Promise<number>;

type Name = keyof typeof MOD_TASKS;

const RUNS: Record<Name, Run> = { prefetch, verify, import: importFrom, export: exportTo };

export function modCommand(call: Call) {
  return defineCommand({
    meta: { name: "mod", description: "Work on the modules of --modproxy" },
    run: async () => {
      call.exitCode = await mod(call);
    },
  });
}

async function mod({ commandLine, env }: Call): Promise<number> {
  const [, word, ...paths] = commandLine.words;
  // No other word gets this far.
  const name = word as Name;
  checkPaths(name, paths);
  const settings = resolveSettings(commandLine.flags, env);
  const modules = await import("../../app/modules/modules.ts");
  using progress = ProgressLine.open(env);
  const task = { config: toConfig(settings), env, log: makeLogger(settings), onProgress: progress.update };
  return await RUNS[name](modules, task, paths);
}

function checkPaths(name: Name, paths: readonly string[]): void {
  const [least, most] = MOD_TASKS[name];
  if (paths.length < least) throw new UsageError(`"mod ${name}" needs a directory`);
  const stray = paths[most];
  if (stray !== undefined)
    throw new UsageError(`unexpected argument ${quoteValue(stray)} after "mod ${name}"`);
}

async function prefetch(modules: Modules, task: Task, paths: readonly string[]): Promise<number> {
  const { files, bytes, failures } = await modules.prefetchModules(
    task,
    paths.length === 0 ? ["go.sum"] : paths,
  );
  for (const { name, reason } of failures) writeLine(`${name}: ${reason}`);
  writeLine(`${files} files are here, ${formatByteSize(bytes)}`);
  return failures.length === 0 ? 0 : 1;
}

async function verify(modules: Modules, task: Task): Promise<number> {
  const { verified, unchanged, wrong } = await modules.verifyStoredModules(task);
  for (const name of wrong) writeLine(`${name}: wrong; removed`);
  writeLine(
    `${verified} are what the checksum database says, ${unchanged} as they were, ${wrong.length} wrong`,
  );
  return wrong.length === 0 ? 0 : 1;
}

async function importFrom(modules: Modules, task: Task, [dir = ""]: readonly string[]): Promise<number> {
  const { files, bytes, refused } = await modules.importModules(task, dir);
  for (const line of refused) writeLine(`not taken: ${line}`);
  writeLine(`${files} files taken in, ${formatByteSize(bytes)}`);
  return refused.length === 0 ? 0 : 1;
}

async function exportTo(modules: Modules, task: Task, [dir = ""]: readonly string[]): Promise<number> {
  const files = await modules.exportModules(task, dir);
  writeLine(`${files} files written to ${dir}; use them with GOPROXY=file://${dir}`);
  return 0;
}

function writeLine(text: string): void {
  writeStdout(`${printable(text)}\n`);
}
