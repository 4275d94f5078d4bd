/** The step at which the action is used: installs the program, and gives go a cache. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "./install.mjs";
import { env, fail, input, outputOf, saveState, say, setVariable, succeeds, warn } from "./runner.mjs";

const modes = { native: restore, direct: useDirectly, server: startServer };
const mode = input("mode");
if (!isMode(mode)) fail(`"${mode}" is no mode; use ${Object.keys(modes).join(", ")}`);
const program = install();
saveState("program", program);
modes[mode]();

/**
 * @param {string} name
 * @returns {name is keyof typeof modes}
 */
function isMode(name) {
  return Object.hasOwn(modes, name);
}

function restore() {
  // A build goes on without a cache, such as that of a fork, which knows no bucket.
  if (!env.GOCACHE_S3_BUCKET) warn("nothing is restored or saved: no bucket is set");
  else if (succeeds(program, ["restore", `--wait=${input("wait")}`, `--mtimes=${input("mtimes")}`]))
    saveState("mode", "native");
  else warn("nothing was restored, and nothing will be saved");
}

function useDirectly() {
  settleMtimes();
  setVariable("GOCACHEPROG", "go-cache-plugin");
  const canPrefetch = env.GOCACHE_S3_BUCKET && env.GOCACHE_LAYOUT !== "split";
  if (input("prefetch") === "true" && canPrefetch && !succeeds(program, ["prefetch"])) process.exit(1);
}

function startServer() {
  settleMtimes();
  // Nobody else on the runner can use a socket. Not below RUNNER_TEMP: in a container that belongs to another user.
  if (!env.GOCACHE_PLUGIN) setVariable("GOCACHE_PLUGIN", env.RUNNER_OS === "Windows" ? "5930" : newSocket());
  const started = outputOf(program, ["serve", "--detach"]);
  if (started === undefined) process.exit(1);
  say(started);
  saveState("mode", "server");
  setVariable("GOCACHEPROG", "go-cache-plugin connect --fallback");
}

function newSocket() {
  return join(mkdtempSync(join(tmpdir(), "gcp-")), "go-cache-plugin.sock");
}

/** Without a checkout, or in a container where git distrusts it, tests run again, and that is all. */
function settleMtimes() {
  if (input("mtimes") === "true" && !succeeds(program, ["mtimes"]))
    warn("mtimes failed, results of tests that read files will not hit");
}
