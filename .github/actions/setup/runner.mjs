/** What GitHub's runner offers to an action. */
import { spawnSync } from "node:child_process";
import { appendFileSync, writeSync } from "node:fs";

export const { env } = process;

/** @param {string} name */
export function input(name) {
  return env[`INPUT_${name.toUpperCase()}`] ?? "";
}

/**
 * For the step that runs at the end of the job.
 * @param {string} name
 * @param {string} value
 */
export function saveState(name, value) {
  append("GITHUB_STATE", `${name}=${value}`);
}

/** @param {string} name */
export function state(name) {
  return env[`STATE_${name}`] ?? "";
}

/**
 * For this step and those that follow.
 * @param {string} name
 * @param {string} value
 */
export function setVariable(name, value) {
  env[name] = value;
  append("GITHUB_ENV", `${name}=${value}`);
}

/**
 * Appends a line to one of the runner's files.
 * @param {"GITHUB_ENV" | "GITHUB_PATH" | "GITHUB_STATE" | "GITHUB_STEP_SUMMARY"} file
 * @param {string} line
 */
export function append(file, line) {
  appendFileSync(env[file] ?? "", `${line}\n`);
}

/**
 * At once: before what commands say, and before the process ends.
 * @param {string} text
 */
export function say(text) {
  writeSync(1, text);
}

/** @param {string} message */
export function warn(message) {
  say(`::warning::go-cache-plugin: ${message}\n`);
}

/**
 * Ends the step, and with it the job.
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  say(`::error::go-cache-plugin: ${message}\n`);
  process.exit(1);
}

/**
 * Runs a command, whose output is the step's. Returns whether it succeeded.
 * @param {string} command
 * @param {string[]} args
 */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

/**
 * The command's standard output; `undefined`: it failed.
 * @param {string} command
 * @param {string[]} args
 */
export function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  return status === 0 ? stdout : undefined;
}
