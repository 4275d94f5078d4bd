/** `go-cache-plugin completion SHELL`: a script that completes commands, flags and their values. */
import { declareCommand, loadCommands } from "../command.ts";
import { COMPLETION_SHELLS, completionScript } from "../completion/completion-script.ts";
import { writeStdout } from "../output.ts";

/** Prints a script for the shell to read at its start. */
export const completionCommand = declareCommand({
  meta: {
    name: "completion",
    description: `print what completes its words: ${COMPLETION_SHELLS.join(", ")}`,
  },
  args: { shell: { type: "positional", required: true, words: COMPLETION_SHELLS } },
  examples: [
    'eval "$(go-cache-plugin completion bash)"',
    "go-cache-plugin completion zsh > ~/.zsh/completions/_go-cache-plugin",
    "go-cache-plugin completion fish > ~/.config/fish/completions/go-cache-plugin.fish",
  ],
  ignoresCacheprog: true,
  run: async ({ args: { shell }, commands }) => {
    writeStdout(completionScript(shell, await loadCommands(commands)));
    return 0;
  },
});
