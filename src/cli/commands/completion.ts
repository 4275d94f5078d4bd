/** `go-cache-plugin completion SHELL`: a script that completes commands, flags and their values. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";

/** Prints a script for the shell to read at its start. */
export function completionCommand(_call: Call) {
  return defineCommand({
    meta: { name: "completion", description: "Print what completes its words" },
    args: { shell: { type: "positional", required: true } },
    run: async ({ args }) => {
      const { completionScript } = await import("../completion/completion-script.ts");
      writeStdout(completionScript(args.shell));
    },
  });
}
