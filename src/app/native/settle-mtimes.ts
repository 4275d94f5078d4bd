import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { setMtimes } from "../mtimes/set-mtimes.ts";

/**
 * In a known CI, gives the tracked files of the checkout the times that `mtimes` gives them, so that test results hit.
 * Elsewhere a person's editor looks at them. Never rejects: without git they stay.
 */
export async function settleMtimes(env: Record<string, string | undefined>, log: Logger): Promise<void> {
  if (detectCi(env) === undefined) return;
  const nothing = () => {};
  const callbacks = { onProgress: nothing, onSet: nothing, onFailure: nothing };
  try {
    const place = { directory: undefined, cwd: process.cwd(), env, dryRun: false };
    const { files, changed } = await setMtimes({ ...place, ...callbacks });
    log.info(() => `file times set: ${files}; skipped, not as committed: ${changed}`);
  } catch (error) {
    log.info(() => `file times are left as they are: ${describeError(error)}`);
  }
}
