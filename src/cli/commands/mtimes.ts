/** `go-cache-plugin mtimes [DIR]`: set file times that are the same in every checkout. */
import { describeError } from "../../lib/text/describe-error.ts";
import { printable } from "../../lib/text/printable.ts";
import { declareCommand } from "../command.ts";
import { parseBoolean } from "../options/values.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** More failures add no information. */
const MAX_FAILURES_SHOWN = 5;

/** Prints how many times were set. Exit code 1 when some could not be. */
export const mtimesCommand = declareCommand({
  meta: {
    name: "mtimes",
    group: "CI",
    description: "set the same file times in every checkout, so that test results hit",
  },
  args: { dir: { type: "positional", required: false } },
  options: {
    dryRun: {
      flag: "dry-run",
      default: "false",
      meaning: "show which times would be set, change nothing",
      parse: parseBoolean,
    },
  },
  examples: [
    "go-cache-plugin mtimes",
    "go-cache-plugin mtimes --dry-run",
    "go-cache-plugin mtimes internal/parser/testdata",
  ],
  ignoresCacheprog: true,
  run: async ({ args: { dir }, options: { dryRun }, env }) => {
    const { setMtimes } = await import("../../app/mtimes/set-mtimes.ts");
    using progress = ProgressLine.open(env);
    progress.update({ stage: "running git" });
    let failures = 0;
    const report = await setMtimes({
      directory: dir,
      cwd: process.cwd(),
      env,
      dryRun,
      onProgress: progress.update,
      onSet: (path, timeMs) => {
        if (dryRun) writeStdout(`${new Date(timeMs).toISOString()} ${printable(path)}\n`);
      },
      onFailure: (path, error) => {
        if (++failures > MAX_FAILURES_SHOWN) return;
        writeStderr(`go-cache-plugin: ${printable(`${path}: ${describeError(error)}`)}\n`);
      },
    });
    const { files, directories, settled, changed, failed } = report;
    const left = changed === 0 ? "" : `; skipped, not as committed: ${changed}`;
    const lost = failed === 0 ? "" : `; failed: ${failed}`;
    writeStdout(
      `${dryRun ? "times to set" : "times set"}: files ${files}, directories ${directories}; already set: ${settled}${left}${lost}\n`,
    );
    return failed === 0 ? 0 : 1;
  },
});
