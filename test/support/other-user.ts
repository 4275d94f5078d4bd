/** Commands of another user of this machine, which only root can start. */
import { type Outcome, plainEnv, run } from "./process.ts";

const NOBODY = 65_534;

/** Whether this machine lets a test be another user. */
export const canBeOtherUser: boolean = process.getuid?.() === 0 && Bun.which("setpriv") !== null;

/** Runs a command as `nobody`, without root's groups and capabilities. */
export function runAsOtherUser(argv: string[]): Promise<Outcome> {
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return run(["setpriv", ...ids, "--inh-caps=-all", ...argv], {
    cwd: "/",
    env: plainEnv({ HOME: "/nonexistent" }),
  });
}
