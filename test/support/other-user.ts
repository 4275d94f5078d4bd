/** Runs commands as another user of this machine; only root can do that. */
import { type Outcome, plainEnv, run } from "./process.ts";

const NOBODY = 65_534;

/** Runs a command as `nobody`, without root's groups and capabilities. */
export function runAsOtherUser(argv: string[]): Promise<Outcome> {
  if (process.getuid?.() !== 0) throw new Error("running a command as another user needs root");
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return run(["setpriv", ...ids, "--inh-caps=-all", ...argv], {
    cwd: "/",
    env: plainEnv({ HOME: "/nonexistent" }),
  });
}
