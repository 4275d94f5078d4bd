import type { Command } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { bashScript } from "./bash-script.ts";
import { type CompletedCommand, completedCommands } from "./completion-words.ts";
import { fishScript } from "./fish-script.ts";
import { zshScript } from "./zsh-script.ts";

const SCRIPTS: ReadonlyMap<string, (commands: readonly CompletedCommand[]) => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

export const COMPLETION_SHELLS: readonly string[] = [...SCRIPTS.keys()];

/** The script for one shell. */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const script = SCRIPTS.get(shell);
  if (script === undefined) throw new UsageError(`"completion" needs one of ${COMPLETION_SHELLS.join(", ")}`);
  return script(completedCommands(commands));
}
