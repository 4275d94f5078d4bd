/** `go-cache-plugin mod TASK`: prefetch, verify, import and export the modules of `serve --modproxy`. */
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { printable } from "../../lib/text/printable.ts";
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { makeLogger, writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

type Modules = typeof import("../../app/modules/modules.ts");
type Task = Parameters<Modules["verifyStoredModules"]>[0];

interface TaskSpec {
  /** How many paths may follow, at least and at most. */
  paths: readonly [least: number, most: number];
  /** Does the task and returns the exit code. */
  run: (modules: Modules, task: Task, paths: readonly string[]) => Promise<number>;
}

const TASKS: ReadonlyMap<string, TaskSpec> = new Map([
  ["prefetch", { paths: [0, Number.POSITIVE_INFINITY], run: prefetch }],
  ["verify", { paths: [0, 0], run: verify }],
  ["import", { paths: [1, 1], run: importFrom }],
  ["export", { paths: [1, 1], run: exportTo }],
]);

/** Whoever uses modules by `restore` alone would take "0 wrong" for a verdict on these. */
const NOTHING =
  'no modules of --modproxy are stored here; those that "restore" and "save" keep are checked by "verify", and against go.sum when they are restored';

export const modCommand = declareCommand({
  meta: {
    name: "mod",
    group: "maintain",
    description: "manage --modproxy modules: prefetch [GO.SUM...], verify, import DIR, export DIR",
  },
  args: {
    task: { type: "positional", required: true, words: [...TASKS.keys()], isOpenEnded: true },
  },
  examples: [
    "go-cache-plugin mod prefetch --bucket=my-bucket",
    "go-cache-plugin mod prefetch go.sum tools/go.sum",
    "go-cache-plugin mod verify",
    "go-cache-plugin mod import ~/go/pkg/mod/cache/download",
  ],
  run: async ({ args, flags, env }) => {
    const paths = args._.slice(1);
    const { run } = checkedTask(args.task, paths);
    const settings = resolveSettings(flags, env);
    const modules = await import("../../app/modules/modules.ts");
    using progress = ProgressLine.open(env);
    const task = { config: toConfig(settings), env, log: makeLogger(settings), onProgress: progress.update };
    return await run(modules, task, paths);
  },
});

function checkedTask(name: string, paths: readonly string[]): TaskSpec {
  const spec = TASKS.get(name);
  const [least, most] = spec?.paths ?? [0, 0];
  if (spec === undefined || paths.length < least) throw new UsageError(`"mod ${name}" needs a directory`);
  const stray = paths[most];
  if (stray === undefined) return spec;
  throw new UsageError(`unexpected argument ${quoteValue(stray)} after "mod ${name}"`);
}

async function prefetch(modules: Modules, task: Task, paths: readonly string[]): Promise<number> {
  const { files, bytes, failures } = await modules.prefetchModules(
    task,
    paths.length === 0 ? ["go.sum"] : paths,
  );
  for (const { name, reason } of failures) writeLine(`${name}: ${reason}`);
  writeLine(`${files} files are local, ${formatByteSize(bytes)}`);
  return failures.length === 0 ? 0 : 1;
}

async function verify(modules: Modules, task: Task): Promise<number> {
  const { verified, unchanged, wrong } = await modules.verifyStoredModules(task);
  if (verified + unchanged + wrong.length === 0) writeLine(NOTHING);
  for (const name of wrong) writeLine(`${name}: wrong; removed`);
  writeLine(`${verified} match the checksum database, ${unchanged} are unchanged, ${wrong.length} wrong`);
  return wrong.length === 0 ? 0 : 1;
}

async function importFrom(modules: Modules, task: Task, [dir = ""]: readonly string[]): Promise<number> {
  const { files, bytes, refused } = await modules.importModules(task, dir);
  for (const line of refused) writeLine(`rejected: ${line}`);
  writeLine(`${files} files imported, ${formatByteSize(bytes)}`);
  return refused.length === 0 ? 0 : 1;
}

async function exportTo(modules: Modules, task: Task, [dir = ""]: readonly string[]): Promise<number> {
  const files = await modules.exportModules(task, dir);
  writeLine(files === 0 ? NOTHING : `${files} files exported to ${dir}; use them with GOPROXY=file://${dir}`);
  return 0;
}

function writeLine(text: string): void {
  writeStdout(`${printable(text)}\n`);
}
