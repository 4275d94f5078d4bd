/** `go-cache-plugin help [TOPIC]`. */
import { declareCommand, loadCommands } from "../command.ts";
import { writeStdout } from "../output.ts";
import { helpText } from "../text/help.ts";

/** Prints the overview, or the help of one topic or command. */
export const helpCommand = declareCommand({
  meta: {
    name: "help",
    group: "look",
    description: "print this overview, or the help of a topic or command",
  },
  args: { topic: { type: "positional", required: false } },
  examples: ["go-cache-plugin help", "go-cache-plugin help configure", "go-cache-plugin help gc"],
  ignoresCacheprog: true,
  run: async ({ args: { topic }, commands }) => {
    writeStdout(helpText(topic, await loadCommands(commands)));
    return 0;
  },
});
