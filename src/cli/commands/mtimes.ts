/** `go-cache-plugin mtimes [DIR]`: times of files that are the same in every checkout. */
import { defineCommand } from "citty";
import { describeError } from "../../lib/text/describe-error.ts";
import { printable } from "../../lib/text/printable.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** More failures than these say nothing new. */
const MAX_FAILURES_SHOWN = 5;

/** Prints how many times were set. Exit code 1 when some could not be. */
export function mtimesCommand(call: Call) {
  return defineCommand({
    meta: { name: "mtimes", description: "Give tracked files the same times in every checkout" },
    args: { directory: { type: "positional", required: false } },
    run: async ({ args }) => {
      call.exitCode = await mtimes(call, args.directory);
    },
  });
}

async function mtimes({ commandLine, env }: Call, directory: string | undefined): Promise<number> {
  const { isTrial } = resolveCommandSettings(commandLine.flags, "mtimes");
  const { setMtimes } = await import("../../app/mtimes/set-mtimes.ts");
  using progress = ProgressLine.open(env);
  progress.update({ stage: "asking git" });
  let failures = 0;
  const report = await setMtimes({
    directory,
    cwd: process.cwd(),
    env,
    dryRun: isTrial,
    onProgress: progress.update,
    onSet: (path, timeMs) => {
      if (isTrial) writeStdout(`${new Date(timeMs).toISOString()} ${printable(path)}\n`);
    },
    onFailure: (path, error) => {
      if (++failures > MAX_FAILURES_SHOWN) return;
      writeStderr(`go-cache-plugin: ${printable(`${path}: ${describeError(error)}`)}\n`);
    },
  });
  const { files, directories, settled, changed, failed } = report;
  const left = changed === 0 ? "" : `; not as git has them, so left alone: ${changed}`;
  const lost = failed === 0 ? "" : `; failed: ${failed}`;
  writeStdout(
    `${isTrial ? "times to set" : "times set"}: files ${files}, directories ${directories}; right before: ${settled}${left}${lost}\n`,
  );
  return failed === 0 ? 0 : 1;
}
