import { describeError } from "../../lib/text/describe-error.ts";
import { WrongBytesError } from "../../remote/wrong-bytes-error.ts";
import { describeDenial, describeStoreError } from "../../store/describe-store-error.ts";
import type { StoreHealth } from "../../store/guard/store-health.ts";
import { NotSentError } from "../../store/not-sent-error.ts";
import { isAccessDenied } from "../../store/store-failure.ts";

/** The topic of `StoreHealth`'s own warnings: one line says that the bucket fails. */
export const BUCKET = "remote";

/** The bucket can't be read. The message names it, and says why in words for people. */
export class BucketFailure extends Error {
  override name = "BucketFailure" as const;

  constructor(health: Pick<StoreHealth, "nameIn" | "lastFailure">, { cause }: { cause: unknown }) {
    super(health.nameIn(describe(health, cause)), { cause });
  }
}

function describe({ lastFailure }: Pick<StoreHealth, "lastFailure">, error: unknown): string {
  if (error instanceof WrongBytesError) return `wrong bytes, not used: ${describeError(error)}`;
  if (error instanceof NotSentError) return lastFailure ?? describeError(error);
  return isAccessDenied(error) ? describeDenial(error) : describeStoreError(error);
}
