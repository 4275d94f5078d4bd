/** Text as one word of another language. */
import { quoteGoWord } from "../../lib/text/go-words.ts";
import { UsageError } from "../usage-error.ts";

/** Whose words `env` can write. */
export type Shell = "sh" | "bash" | "zsh" | "fish" | "powershell";

/** Read as they are by every shell, by YAML and by go. */
const PLAIN = /^[\w@%+:,./-]+$/;

/** One assignment that children see, as a line. */
export function exportLine(shell: Shell, name: string, value: string): string {
  if (shell === "fish") return `set -gx ${name} ${fishWord(value)}\n`;
  if (shell === "powershell") return `$env:${name} = '${value.replaceAll("'", "''")}'\n`;
  return `export ${name}=${shellWord(value)}\n`;
}

/** For POSIX shells. */
function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function fishWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A scalar of YAML that is text whatever it looks like. */
export function yamlText(text: string): string {
  const isPlain =
    /^[a-z/][\w./-]*( [\w./-]+)*$/i.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** A string of Groovy in which nothing is replaced. */
export function groovyText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** The value of an `ENV` in a Dockerfile. */
export function dockerText(text: string): string {
  return PLAIN.test(text) ? text : `"${text.replaceAll(/["\\$]/g, "\\$&")}"`;
}

/** A word of GOCACHEPROG. */
export function goWord(text: string): string {
  const word = quoteGoWord(text);
  if (word !== undefined) return word;
  throw new UsageError(
    `${text}: go can't be told of a path with both kinds of quotes; put the program elsewhere`,
  );
}
