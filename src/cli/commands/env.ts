/** `go-cache-plugin env`: the variables for go, as lines that a shell reads with `eval`. */
import { declareCommand } from "../command.ts";
import { givenValues, isServed } from "../options/given-values.ts";
import { parseChoice } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { programName } from "../text/program-name.ts";
import { exportLine, goWord, type Shell } from "../text/quote.ts";

/** Prints GOCACHEPROG and a variable for each given option; of a secret only its name, in a comment. */
export const envCommand = declareCommand({
  meta: {
    name: "env",
    group: "look",
    description: "print the environment variables for go, for a shell to evaluate",
  },
  options: {
    shell: {
      flag: "shell",
      placeholder: "SHELL",
      default: "sh",
      meaning: "syntax of the output: sh, bash, zsh, fish or powershell",
      parse: parseChoice<Shell>("sh", "bash", "zsh", "fish", "powershell"),
    },
  },
  examples: [
    'eval "$(go-cache-plugin env --bucket=my-bucket)"',
    'eval "$(go-cache-plugin env --bucket=my-bucket --plugin=5930)"',
    "go-cache-plugin env --shell=fish --bucket=my-bucket | source",
    "go-cache-plugin env --shell=powershell --bucket=my-bucket | Out-String | Invoke-Expression",
  ],
  run: ({ options: { shell }, flags, env }) => {
    const given = givenValues(flags, env);
    const program = goWord(programName());
    const lines = [
      ["GOCACHEPROG", isServed(given) ? `${program} connect` : program] as const,
      ...given.variables,
    ];
    // At the end: an eval without quotes joins all lines, and a comment hides everything after it.
    const secrets = given.secrets.map(
      (name) => `# ${name} holds a secret and is not printed. Set it from your secret store.\n`,
    );
    writeStdout([...lines.map(([name, value]) => exportLine(shell, name, value)), ...secrets].join(""));
    return 0;
  },
});
