import type { OpenState } from "../../../lib/async/breaker.ts";
import type { ServerState } from "../server-state.ts";

/** Whether the bucket is asked. */
export interface BucketState {
  /** `undefined`: it is, as usual. */
  reads: Readonly<OpenState> | undefined;
  writes: Readonly<OpenState> | undefined;
  /** Why one of them is left alone. */
  trouble: string | undefined;
}

/** As the parts of the server have found, each of which asks by itself. */
export function bucketState({ plugin, moduleProxy, forwardProxy }: ServerState): BucketState {
  const parts = [...(plugin?.pool?.healths ?? []), moduleProxy?.health, forwardProxy?.health];
  const healths = parts.filter((health) => health !== undefined);
  const reads = healths.find(({ reads }) => reads.open !== undefined);
  const writes = healths.find(({ writes }) => writes.open !== undefined);
  return { reads: reads?.reads.open, writes: writes?.writes.open, trouble: (reads ?? writes)?.trouble };
}
