import { COMMON_FLAGS, type CompletedCommand, type CompletedFlag } from "./completion-words.ts";

/** For zsh's own completion system: as a file `_go-cache-plugin` in `$fpath`, or read after `compinit`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef go-cache-plugin
# Completions of go-cache-plugin for zsh. In ~/.zshrc, after compinit: eval "$(go-cache-plugin completion zsh)"
_go-cache-plugin() {
  local -a common commands arguments
  local word command=""
  common=(
${COMMON_FLAGS.map(argumentSpec).join("")}  )
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`).join("")}  )
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if (( \${commands[(I)$word:*]} )); then
      command=$word
      break
    fi
  done
  case $command in
    '') arguments=('1:command:{ _describe command commands }') ;;
${commands
  .map(({ name, flags, operands }) => {
    const operand =
      operands === "directory"
        ? "2:directory:_files -/"
        : operands.length === 0
          ? ""
          : `2:word:(${operands.join(" ")})`;
    const specs = ["1:command:", ...(operand === "" ? [] : [operand])].map(
      (spec) => `      ${quoted(spec)}\n`,
    );
    return `    ${name})\n      arguments=(\n${specs.join("")}${flags
      .map(argumentSpec)
      .map((line) => `  ${line}`)
      .join("")}      )\n      ;;\n`;
  })
  .join("")}  esac
  _arguments -S $arguments $common
}
if [ "\${funcstack[1]}" = _go-cache-plugin ]; then
  _go-cache-plugin "$@"
else
  compdef _go-cache-plugin go-cache-plugin
fi
`;
}

/** As `_arguments` wants it: `--flag=[meaning]:value:(words)`. */
function argumentSpec({ flag, meaning, value, takesValue }: CompletedFlag): string {
  const text = meaning.replaceAll(/[[\]\\:]/g, "\\$&");
  const action = value === undefined ? " " : value === "path" ? "_files" : `(${value.join(" ")})`;
  const follows = takesValue ? `:${flag.replace(/^-+/, "")}:${action}` : "";
  return `    ${quoted(`${flag}${takesValue && flag.startsWith("--") ? "=" : ""}[${text}]${follows}`)}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
