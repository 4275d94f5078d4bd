/** `go-cache-plugin env`: the variables for go, as lines that a shell reads with `eval`. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { writeStdout } from "../output.ts";
import { programName } from "../text/program-name.ts";

/** Prints GOCACHEPROG and a variable for each option that was given; of a secret its name alone, in a comment. */
export function envCommand(call: Call) {
  return defineCommand({
    meta: { name: "env", description: "Print the variables for a shell" },
    run: () => printVariables(call),
  });
}

async function printVariables({ commandLine: { flags }, env }: Call): Promise<void> {
  const { exportLine, goWord } = await import("../text/quote.ts");
  const { givenValues, isServed } = await import("../options/given-values.ts");
  const { shell } = resolveCommandSettings(flags, "env");
  const given = givenValues(flags, env);
  const program = goWord(programName());
  const lines = [
    ["GOCACHEPROG", isServed(given) ? `${program} connect` : program] as const,
    ...given.variables,
  ];
  // At the end: an eval without quotes makes one line of all, and a comment takes the rest of it.
  const left = given.secrets.map(
    (name) => `# ${name} holds a secret and is not printed. Set it from where you keep secrets.\n`,
  );
  writeStdout([...lines.map(([name, value]) => exportLine(shell, name, value)), ...left].join(""));
}
