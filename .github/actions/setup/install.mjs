/** Installs the program from its release, and puts it on the PATH of the steps that follow. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { append, env, fail, input, succeeds } from "./runner.mjs";

/** Returns the program's path. Ends the step if it can't be installed. */
export function install() {
  const version = input("version") || env.GITHUB_ACTION_REF || "";
  if (!/^v[0-9]/.test(version))
    fail(`"${version}" is no release; use the action at a tag such as v0.1.0, or set version`);
  const isWindows = env.RUNNER_OS === "Windows";
  const directory = isWindows ? installOnWindows(version) : installOnPosix(version);
  append("GITHUB_PATH", directory);
  return join(directory, isWindows ? "go-cache-plugin.exe" : "go-cache-plugin");
}

/**
 * A release that is in the runner's tool cache is not downloaded again.
 * @param {string} version
 */
function installOnPosix(version) {
  const directory = join(env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP || "", "go-cache-plugin", version);
  if (existsSync(join(directory, "go-cache-plugin"))) return directory;
  const sum = input("sha256");
  const args = ["--version", version, "--to", directory, ...(sum === "" ? [] : ["--sha256", sum])];
  env.PATH = `${env.PATH}${delimiter}${directory}`;
  if (!succeeds("sh", [fileOf("../../../install.sh"), ...args])) process.exit(1);
  return directory;
}

/** @param {string} version */
function installOnWindows(version) {
  const directory = join(env.RUNNER_TEMP ?? "", "go-cache-plugin");
  const args = [
    "-NoProfile",
    "-ExecutionPolicy",
    "Bypass",
    "-File",
    fileOf("install.ps1"),
    version,
    directory,
    input("sha256"),
  ];
  if (!succeeds("pwsh", args)) process.exit(1);
  return directory;
}

/** @param {string} name */
function fileOf(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}
