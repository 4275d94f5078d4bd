/** `go-cache-plugin completion SHELL`: a script that completes commands, flags and their values. */
import { declareCommand, loadCommands } from "../command.ts";
import { bashScript } from "../completion/bash-script.ts";
import { completedCommands } from "../completion/completion-words.ts";
import { fishScript } from "../completion/fish-script.ts";
import { zshScript } from "../completion/zsh-script.ts";
import { writeStdout } from "../output.ts";

const SCRIPTS = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);
const SHELLS = [...SCRIPTS.keys()];

/** Prints a script for the shell to read at its start. */
export const completionCommand = declareCommand({
  meta: {
    name: "completion",
    group: "use",
    description: `print a shell completion script: ${SHELLS.join(", ")}`,
  },
  args: { shell: { type: "positional", required: true, words: SHELLS } },
  examples: [
    'eval "$(go-cache-plugin completion bash)"',
    "go-cache-plugin completion zsh > ~/.zsh/completions/_go-cache-plugin",
    "go-cache-plugin completion fish > ~/.config/fish/completions/go-cache-plugin.fish",
  ],
  ignoresCacheprog: true,
  run: async ({ args: { shell }, commands }) => {
    const words = completedCommands(await loadCommands(commands));
    writeStdout(SCRIPTS.get(shell)?.(words) ?? "");
    return 0;
  },
});
