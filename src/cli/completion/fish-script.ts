import { COMMON_FLAGS, type CompletedCommand, type CompletedFlag } from "./completion-words.ts";

const COMPLETE = "complete -c go-cache-plugin";

/** For `~/.config/fish/completions/go-cache-plugin.fish`. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const lines = commands.flatMap(({ name, summary, flags, operands }) => {
    const here = `-n '__fish_seen_subcommand_from ${name}'`;
    const words = operands === "directory" ? "'(__fish_complete_directories)'" : quoted(operands.join(" "));
    return [
      `${COMPLETE} -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d ${quoted(summary)}`,
      ...(operands.length === 0 ? [] : [`${COMPLETE} ${here} -a ${words}`]),
      ...flags.map((flag) => `${COMPLETE} ${here} ${flagWords(flag)}`),
    ];
  });
  return `# Completions of go-cache-plugin for fish: go-cache-plugin completion fish | source
${COMPLETE} -f
${[...lines, ...COMMON_FLAGS.map((flag) => `${COMPLETE} ${flagWords(flag)}`)].join("\n")}
`;
}

function flagWords({ flag, meaning, value, takesValue }: CompletedFlag): string {
  const name = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
  const follows = !takesValue
    ? ""
    : value === "path"
      ? " -r -F"
      : ` -x${value === undefined ? "" : ` -a ${quoted(value.join(" "))}`}`;
  return `${name}${follows} -d ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
