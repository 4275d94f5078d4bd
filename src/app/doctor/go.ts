/** Whether go is new enough, and can start at all. */

import { accessSync, constants, readdirSync } from "node:fs";
import { isAbsolute } from "node:path";
import { isErrno } from "../../lib/files/errno.ts";
import type { Check, Finding, Subject } from "./check.ts";
import { writeProblem } from "./write-problem.ts";

/** The first minor release of Go 1 that knows GOCACHEPROG. */
const FIRST_MINOR = 24;

/** Whether go is installed, and new enough to have a helper. */
export const goRelease: Check = {
  name: "go",
  run: ({ go, restored }: Subject): Finding[] => {
    if (!("settings" in go)) {
      const remedy =
        go.path === undefined
          ? "install Go 1.24 or newer, or put its bin directory on the PATH"
          : "run it by hand; GOTOOLCHAIN and the go line of go.mod decide which release it starts";
      return [{ severity: "error", message: go.problem, remedy }];
    }
    const { GOVERSION: version, GOOS, GOARCH, GOTOOLCHAIN } = go.settings;
    const data = { version, path: go.path };
    const minor = /go1\.(\d+)/.exec(version)?.[1];
    if (minor !== undefined && Number(minor) < FIRST_MINOR && restored.size === 0) {
      return [
        {
          severity: "error",
          message: `${version} does not know GOCACHEPROG, it came with Go 1.24: nothing is cached by this program`,
          remedy: `install Go 1.24 or newer, or let go choose it: GOTOOLCHAIN is ${GOTOOLCHAIN || "not set"}; "restore" and "save" need no GOCACHEPROG`,
          data,
        },
      ];
    }
    return [{ severity: "ok", message: `${version} for ${GOOS}/${GOARCH}, ${go.path}`, data }];
  },
};

/** go creates `00` to `ff` at once, and writes nothing if all exist. */
const PARTS = 256;

const REMEDY = "set GOCACHE to a directory that this user can write, such as: export GOCACHE=/tmp/go-cache";

/** Whether go can set up a build cache of its own. It does so before it starts any helper, and exits if it can't. */
export const goCache: Check = {
  name: "GOCACHE",
  run: ({ go, env, cacheprog }: Subject): Finding[] => {
    if (!("settings" in go)) return [];
    const { GOCACHE } = go.settings;
    if (GOCACHE === "off" && !env.HOME && !env.XDG_CACHE_HOME) {
      const message =
        "go has no build cache, so every go command fails: none of GOCACHE, XDG_CACHE_HOME and HOME is set";
      return [{ severity: "error", message, remedy: REMEDY }];
    }
    if (GOCACHE === "off") {
      const message = "GOCACHE is off, so every go command fails, and there is nothing to restore or save";
      return [{ severity: "error", message, remedy: "unset GOCACHE, or go env -u GOCACHE" }];
    }
    if (!isAbsolute(GOCACHE)) {
      const message = `GOCACHE is ${JSON.stringify(GOCACHE)}, so every go command fails: it must be an absolute path`;
      return [{ severity: "error", message, remedy: REMEDY }];
    }
    const problem = setupProblem(GOCACHE);
    if (problem === undefined && cacheprog === undefined && !isWritable(GOCACHE)) {
      const message = `${GOCACHE} can't be written, so go can't keep what it builds, and restore can't fill it`;
      return [{ severity: "warning", message, remedy: REMEDY }];
    }
    if (problem === undefined) return [{ severity: "ok", message: GOCACHE, data: { path: GOCACHE } }];
    const message = `go can't set up its build cache in ${GOCACHE}, so every go command fails: ${problem}`;
    return [{ severity: "error", message, remedy: REMEDY }];
  },
};

function setupProblem(path: string): string | undefined {
  const problem = writeProblem(path);
  return problem !== undefined && isWhole(path) ? undefined : problem;
}

/** A directory that is missing is made. */
function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    return isErrno(error, "ENOENT");
  }
}

function isWhole(path: string): boolean {
  try {
    return readdirSync(path).filter((name) => /^[0-9a-f]{2}$/.test(name)).length === PARTS;
  } catch {
    return false;
  }
}
