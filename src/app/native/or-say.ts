import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { BUCKET, BucketFailure } from "./bucket-failure.ts";

/**
 * Never rejects: a failure is a line, and no failure of the build. `what`: what did not happen then. There is one line
 * about the bucket, and one for each other reason.
 */
export async function orSay(
  { log }: { log: Logger },
  what: string,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    const isBucket = error instanceof BucketFailure;
    const reason = isBucket ? error.message : describeError(error);
    log.warn(isBucket ? BUCKET : reason, `${what}: ${reason}`);
  }
}
