import { dirname, isAbsolute, join, resolve } from "node:path";
import { statFile } from "../../lib/files/stat-file.ts";
import { findUpwards } from "./find-upwards.ts";
import { directiveValues } from "./mod-file.ts";
import { readFileStart } from "./read-file-start.ts";

/** The largest known files have about 50 KB. */
const MAX_FILE_BYTES = 256 * 1024;

/** How many members of a workspace are searched for a module path. */
const MAX_MEMBERS = 8;

/** The main module, and the file that names it. */
export interface MainModule {
  path: string;
  file: string;
}

/**
 * The main module of a go command in `cwd`. All commands in a workspace share one: the module next to `go.work`, else
 * the first module that `go.work` uses. `undefined`: no module, as for `go run file.go`.
 */
export function mainModule(env: Record<string, string | undefined>, cwd: string): MainModule | undefined {
  const workspace = workFile(env, cwd);
  return named(workspaceModule(workspace), workspace) ?? moduleOf(modFile(env, cwd));
}

function moduleOf(file: string | undefined): MainModule | undefined {
  return named(modulePath(file), file);
}

function named(path: string | undefined, file: string | undefined): MainModule | undefined {
  return path === undefined || file === undefined ? undefined : { path, file };
}

function workFile(env: Record<string, string | undefined>, cwd: string): string | undefined {
  const chosen = env.GOWORK;
  if (chosen === "off") return undefined;
  return chosen !== undefined && isAbsolute(chosen) ? chosen : nearestFile(cwd, "go.work");
}

/** `go generate` exports GOMOD (/dev/null outside modules). go doesn't export it to GOCACHEPROG. */
function modFile(env: Record<string, string | undefined>, cwd: string): string | undefined {
  const chosen = env.GOMOD;
  return chosen !== undefined && isAbsolute(chosen) && statFile(chosen) ? chosen : nearestFile(cwd, "go.mod");
}

function nearestFile(cwd: string, name: string): string | undefined {
  return findUpwards(cwd, (directory) => {
    const path = join(directory, name);
    return statFile(path) && path;
  });
}

function workspaceModule(path: string | undefined): string | undefined {
  const text = path && readFileStart(path, MAX_FILE_BYTES);
  if (!path || text === undefined) return undefined;
  const members = [".", ...directiveValues(text, "use").take(MAX_MEMBERS)];
  for (const member of members) {
    const found = modulePath(resolve(dirname(path), member, "go.mod"));
    if (found !== undefined) return found;
  }
  return undefined;
}

function modulePath(path: string | undefined): string | undefined {
  const text = path && readFileStart(path, MAX_FILE_BYTES);
  return text ? directiveValues(text, "module").next().value || undefined : undefined;
}
