import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";

/** Never rejects: a failure is a line, and no failure of the build. `what`: what did not happen then. */
export async function orSay(
  { log }: { log: Logger },
  what: string,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    log.say(`${what}: ${describeError(error)}`);
  }
}
