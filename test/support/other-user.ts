/** Commands of another user of this machine, which only root can start. */
import { type Outcome, plainEnv, run } from "./process.ts";

const NOBODY = 65_534;

/** Runs a command as `nobody`, without root's groups and capabilities. */
export function runAsOtherUser(argv: string[]): Promise<Outcome> {
  if (process.getuid?.() !== 0) throw new Error("to act as another user takes root");
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return run(["setpriv", ...ids, "--inh-caps=-all", ...argv], {
    cwd: "/",
    env: plainEnv({ HOME: "/nonexistent" }),
  });
}
