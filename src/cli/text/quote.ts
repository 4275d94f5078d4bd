/** Quotes text for shells, YAML, Groovy, Docker and GOCACHEPROG. */
import { quoteGoWord } from "../../lib/text/go-words.ts";
import { UsageError } from "../usage-error.ts";

/** The syntaxes that `env` can write. */
export type Shell = "sh" | "bash" | "zsh" | "fish" | "powershell";

/** Needs no quotes in any shell, in YAML and for go. */
const PLAIN = /^[\w@%+:,./-]+$/;

/** A line that sets an environment variable. */
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

/** A YAML scalar that is always read as text. */
export function yamlText(text: string): string {
  const isPlain =
    /^[a-z/][\w./-]*( [\w./-]+)*$/i.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** A Groovy string without interpolation. */
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
    `${text}: GOCACHEPROG can't contain a path with both kinds of quotes; move the program`,
  );
}
