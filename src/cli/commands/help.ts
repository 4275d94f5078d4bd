/** `go-cache-plugin help [topic]`; the texts are loaded only here. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";

/** Prints the help, or that of one topic or command, to stdout. */
export function helpCommand(call: Call) {
  return defineCommand({
    meta: { name: "help" },
    args: { topic: { type: "positional", required: false } },
    run: async ({ args }) => {
      const { helpText } = await import("../text/help.ts");
      writeStdout(helpText(args.topic));
      call.exitCode = 0;
    },
  });
}
