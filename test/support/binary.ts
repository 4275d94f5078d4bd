import { statSync } from "node:fs";
import { resolve } from "node:path";

/** The checkout. */
export const PROJECT_DIR = resolve(import.meta.dir, "../..");

/** Tools that tests build once and keep; ignored by git. */
export const TOOL_CACHE_DIR = resolve(PROJECT_DIR, ".cache");

/** The compiled executable under test: what the build made, or what `EXECUTABLE_UNDER_TEST` names. */
export function binaryPath(): string {
  const name = process.platform === "win32" ? "go-cache-plugin.exe" : "go-cache-plugin";
  const named = process.env.EXECUTABLE_UNDER_TEST;
  const path = named ? resolve(named) : resolve(PROJECT_DIR, "dist", name);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
  throw new Error(
    named
      ? `EXECUTABLE_UNDER_TEST=${named} names no file`
      : `${path} is missing; make it with: npm run build`,
  );
}

/** The value of GOCACHEPROG that starts the executable with `flags`. */
export function gocacheprog(...flags: string[]): string {
  return commandLine([binaryPath(), ...flags]);
}

/** A command in the syntax of GOCACHEPROG: go splits at blanks and knows quotes. */
export function commandLine(words: string[]): string {
  return words.map((word) => (/[\s'"]/.test(word) ? `'${word}'` : word)).join(" ");
}

/** Flags that make `server` the remote cache; the environment has the credentials (`server.env`). */
export function s3Flags(
  server: { bucket: string; endpoint: string },
  options: { prefix?: string; endpoint?: string; layout?: string } = {},
): string[] {
  const flags = [
    `--bucket=${server.bucket}`,
    `--s3-endpoint-url=${options.endpoint ?? server.endpoint}`,
    "--region=us-east-1",
    `--layout=${options.layout ?? "split"}`,
  ];
  return options.prefix === undefined ? flags : [...flags, `--prefix=${options.prefix}`];
}
