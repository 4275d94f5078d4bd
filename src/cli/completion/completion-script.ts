import { UsageError } from "../usage-error.ts";
import { bashScript } from "./bash-script.ts";
import { fishScript } from "./fish-script.ts";
import { zshScript } from "./zsh-script.ts";

const SCRIPTS: ReadonlyMap<string, () => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/** The script for one shell. */
export function completionScript(shell: string): string {
  const script = SCRIPTS.get(shell);
  if (script === undefined)
    throw new UsageError(`"completion" needs one of ${[...SCRIPTS.keys()].join(", ")}`);
  return script();
}
