import type { OpenState } from "../../../lib/async/breaker.ts";
import type { ServerState } from "../server-state.ts";

/** Whether requests to the bucket are sent. */
export interface BucketState {
  /** `undefined`: they are. */
  reads: Readonly<OpenState> | undefined;
  writes: Readonly<OpenState> | undefined;
  /** Why reads or writes are paused. */
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
