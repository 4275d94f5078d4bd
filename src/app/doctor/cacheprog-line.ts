/** GOCACHEPROG as go reads it, and as it was most likely meant. */
import { accessSync, constants, realpathSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { statFile } from "../../lib/files/stat-file.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { splitGoWords } from "../../lib/text/go-words.ts";

export interface CacheprogLine {
  text: string;
  /** The program as go would start it, and where that is found; `undefined`: nowhere. */
  word: string;
  path: string | undefined;
  /** A program with an unquoted path: go reads only the start of it. */
  unquoted: string | undefined;
  /** The arguments, as meant. */
  args: readonly string[];
  /** Why go refuses the whole. */
  problem: string | undefined;
}

/** The program that go would start; `undefined`: `text`, the value of GOCACHEPROG, is empty. */
export function readCacheprog(
  text: string,
  env: Record<string, string | undefined>,
): CacheprogLine | undefined {
  return text.trim() === "" ? undefined : readLine(text, env);
}

function readLine(text: string, env: Record<string, string | undefined>): CacheprogLine {
  const nothing = { text, word: "", path: undefined, unquoted: undefined, args: [] };
  try {
    const [word = "", ...args] = splitGoWords(text);
    const path = Bun.which(word, { PATH: env.PATH ?? "" }) ?? undefined;
    const unquoted = path === undefined ? findUnquoted(text) : undefined;
    if (unquoted === undefined) return { ...nothing, word, path, args, problem: undefined };
    const rest = splitGoWords(text.slice(unquoted.endsAt));
    return { ...nothing, word, unquoted: unquoted.path, args: rest, problem: undefined };
  } catch (error) {
    return { ...nothing, problem: describeError(error) };
  }
}

/** Whether it is this very program, or another copy of it, going by its name. */
export function namesProgram(
  { path, unquoted }: CacheprogLine,
  program: string,
): "this" | "namesake" | "other" {
  const named = path ?? unquoted ?? "";
  if (realPath(named) === realPath(program)) return "this";
  return basename(named).startsWith("go-cache-plugin") ? "namesake" : "other";
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The longest beginning that is the path of a program, with blanks in it, escaped as for a shell or not at all. */
function findUnquoted(text: string): { path: string; endsAt: number } | undefined {
  const ends = [...text.matchAll(/\s|$/g)].map(({ index }) => index).reverse();
  for (const endsAt of ends) {
    const start = text.slice(0, endsAt).trimStart();
    const path = [start, start.replaceAll(/\\(?=\s)/g, "")].find(isProgram);
    if (path !== undefined && /\s/.test(path)) return { path, endsAt };
  }
  return undefined;
}

function isProgram(path: string): boolean {
  if (!isAbsolute(path) || statFile(path) === undefined) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
