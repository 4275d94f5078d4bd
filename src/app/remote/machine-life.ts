/** Whether this machine may be gone as soon as go is: then nothing can be uploaded afterwards. */
import { readFileSync } from "node:fs";
import { detectCi } from "../../remote/scope/detect-ci.ts";

const SESSION_FIELD = 3;

/** True in CI, and where the first process of all is of our own session, as in a container made for one command. */
export function mayEndWithGo(env: Record<string, string | undefined>, proc = "/proc"): boolean {
  if (env.CI || detectCi(env) !== undefined) return true;
  const session = sessionOf(`${proc}/self/stat`);
  return session !== undefined && session === sessionOf(`${proc}/1/stat`);
}

/** The session's number (`proc_pid_stat(5)`); `undefined` where there is no such file. */
function sessionOf(path: string): string | undefined {
  try {
    const stat = readFileSync(path, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[SESSION_FIELD];
  } catch {
    return undefined;
  }
}
