import { COMMON_FLAGS, type CompletedCommand, type CompletedFlag } from "./completion-words.ts";

/** For bash 3.2 and later, without the package bash-completion. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completions of go-cache-plugin for bash. In ~/.bashrc: eval "$(go-cache-plugin completion bash)"
_go_cache_plugin_words() {
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_go_cache_plugin_paths() {
  local IFS=$'\\n'
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen "$1" -- "$cur"))
}
_go_cache_plugin() {
  local cur prev word command="" flags="" words="" i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [ "$cur" = "=" ]; then
    cur=""
  elif [ "$prev" = "=" ]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${commands.map(({ name }) => name).join(" | ")})
        command=$word
        break
        ;;
    esac
  done
  case $command:$prev in
${[...commands.flatMap(({ name, flags }) => flags.map((flag) => valueCase(`${name}:`, flag))), ...COMMON_FLAGS.map((flag) => valueCase("*:", flag))].join("")}  esac
  case $command in
    "") words="${commands.map(({ name }) => name).join(" ")}" ;;
${commands
  .map(({ name, flags, operands }) => {
    const own = flags.map(({ flag }) => flag).join(" ");
    const words = operands === "directory" ? "" : operands.join(" ");
    const directories =
      operands === "directory" ? `\n      [ "\${cur#-}" != "$cur" ] || _go_cache_plugin_paths -d` : "";
    return `    ${name})\n      flags="${own}"\n      words="${words}"${directories}\n      ;;\n`;
  })
  .join("")}  esac
  case $cur in
    -*) words="$flags ${COMMON_FLAGS.map(({ flag }) => flag).join(" ")}" ;;
  esac
  [ -z "$words" ] || _go_cache_plugin_words "$words"
}
complete -F _go_cache_plugin go-cache-plugin
`;
}

/** The completions of a flag's value. */
function valueCase(before: string, { flag, value, takesValue }: CompletedFlag): string {
  if (!takesValue) return "";
  const found =
    value === undefined
      ? ""
      : value === "path"
        ? "_go_cache_plugin_paths -f"
        : `_go_cache_plugin_words "${value.join(" ")}"`;
  return `    ${before}${flag})\n${found === "" ? "" : `      ${found}\n`}      return\n      ;;\n`;
}
