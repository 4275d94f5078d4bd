/**
 * Which release of go runs the commands of a job: the installed one, or another that it switches to
 * (https://go.dev/doc/toolchain#select; cmd/go/internal/toolchain.Select of Go 1.21 to 1.27).
 */
import { compareGoVersions, isLanguageVersion, versionInName } from "../../gomod/go-version.ts";
import { isModuleVersion } from "../../gomod/module-version.ts";
import { parseGoSumdb } from "../../gomod/sumdb/databases.ts";
import { TOOLCHAIN, type WantedRelease } from "../../gomodcache/wanted-modules.ts";
import { readFileStart } from "../../remote/scope/read-file-start.ts";
import { type GoCheckout, type GoHere, type GoInstalled, readGoToolchain } from "../go-env.ts";
import { MAX_FILE_BYTES, mainFile } from "./find-modules.ts";

interface Release {
  /** Such as `go1.27.4`. */
  name: string;
  version: string;
}

/** The release that a job's commands use. */
export interface JobRelease {
  isInstalled: boolean;
  /** What go would fetch for it, and check, unless it has it; `undefined`: nothing. */
  module: WantedRelease | undefined;
}

const UNKNOWN: JobRelease = { isInstalled: false, module: undefined };

/** `go`: what the installed go says of `cwd`. Never throws: what go would refuse, and what is not known, is left to it. */
export function findRelease(
  { checkout, installed }: Pick<GoHere, "checkout" | "installed">,
  env: Record<string, string | undefined>,
  cwd: string,
): JobRelease {
  if (checkout === undefined || installed === undefined) return UNKNOWN;
  const version = versionInName(installed.GOVERSION);
  if (version === undefined) return UNKNOWN;
  const local = { name: installed.GOVERSION, version };
  // Without modules go never switches.
  const setting = checkout.GOMOD === "" ? "" : readGoToolchain(env, cwd);
  const name = setting === undefined ? undefined : chooseRelease(setting, local, checkout);
  if (name === undefined) return UNKNOWN;
  if (name === local.name) return { isInstalled: true, module: undefined };
  const isOnPath = Bun.which(name, { PATH: env.PATH ?? "", cwd }) !== null;
  return { isInstalled: false, module: isOnPath ? undefined : moduleOf(name, installed) };
}

/** The name of the release that go chooses. `undefined`: it refuses the setting, or looks on the PATH alone. */
function chooseRelease(setting: string, local: Release, checkout: GoCheckout): string | undefined {
  if (setting === "") return local.name;
  const isMode = setting === "auto" || setting === "path";
  const [, base = "", mode] = /^([^+]*)(?:[+](.*))?$/s.exec(isMode ? `local+${setting}` : setting) ?? [];
  const least = base === "local" ? local : releaseNamed(base);
  if (least === undefined) return undefined;
  if (mode === undefined) return least.name;
  return mode === "auto" ? newestOf(least, modText(checkout)) : undefined;
}

function releaseNamed(name: string): Release | undefined {
  const version = versionInName(name);
  return version === undefined ? undefined : { name, version };
}

/** The newest of `least` and what the text asks for. */
function newestOf(least: Release, text: string): string | undefined {
  const toolchain = valueIn(text, "toolchain");
  if (toolchain === "default") return least.name;
  const suggested = toolchain === "" ? least : releaseNamed(toolchain);
  if (suggested === undefined) return undefined;
  const newer = compareGoVersions(suggested.version, least.version) > 0 ? suggested : least;
  const wanted = valueIn(text, "go");
  if (compareGoVersions(wanted, newer.version) <= 0) return newer.name;
  const isLanguage = isLanguageVersion(wanted) && compareGoVersions(wanted, "1.21") >= 0;
  return `go${wanted}${isLanguage ? ".0" : ""}`;
}

/** The first line that begins with this word, as go reads it before it reads the file; empty: there is none. */
function valueIn(text: string, word: string): string {
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    const isIt = trimmed.startsWith(word) && /^[ \t]/.test(trimmed.slice(word.length));
    if (isIt) return (trimmed.slice(word.length).split("//", 1)[0] ?? "").trim();
  }
  return "";
}

function modText(checkout: GoCheckout): string {
  const file = mainFile(checkout);
  return file === undefined ? "" : (readFileStart(file, MAX_FILE_BYTES) ?? "");
}

function moduleOf(name: string, { GOHOSTOS, GOHOSTARCH, GOSUMDB }: GoInstalled): WantedRelease | undefined {
  const module = { path: TOOLCHAIN, version: `v0.0.1-${name}.${GOHOSTOS}-${GOHOSTARCH}` };
  // Without a database go fetches none, but from a folder; nothing would prove it then.
  const database = parseGoSumdb(GOSUMDB)?.verifier;
  const isKnown = database !== undefined && name.startsWith("go1") && isModuleVersion(module);
  return isKnown ? { ...module, database } : undefined;
}
