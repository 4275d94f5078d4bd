/** `go-cache-plugin version`: `go-cache-plugin 0.1.0 (commit abc1234, bun 1.4.5, linux/amd64)`. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";
import { versionLine } from "../text/version-line.ts";

/** Prints the version to stdout. */
export function versionCommand(call: Call) {
  return defineCommand({
    meta: { name: "version" },
    run: () => {
      writeStdout(`${versionLine()}\n`);
      call.exitCode = 0;
    },
  });
}
