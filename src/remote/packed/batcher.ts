import type { Claims } from "./fetch/claims.ts";

/** The time between two rounds, long enough to batch several sessions. */
const PAUSE_MS = 500;
/** The batcher ends after this many rounds without work. */
const MAX_IDLE_ROUNDS = 2;

/**
 * Uploads for a burst of short go commands. Each helper hands its journal over and calls this; the first one holds the
 * claim and runs as long as further journals arrive, the others return at once. Without it, each helper would read the
 * records again and upload a pack and three records of its own.
 */
export async function runBatcher(options: {
  claims: Claims;
  /** See `projectHash`. `adopt` takes over only the journals of this project's helpers. */
  project: string;
  /** Adopts the journals; returns whether there were any. */
  adopt: () => boolean;
  /** Uploads the adopted entries. */
  store: () => Promise<void>;
  pause?: () => Promise<void>;
}): Promise<void> {
  const { claims, project, adopt, store, pause = () => Bun.sleep(PAUSE_MS) } = options;
  const claim = `row-${project}`;
  if (!claims.take(claim)) return;
  for (let idle = 0; idle < MAX_IDLE_ROUNDS; ) {
    if (adopt()) {
      idle = 0;
      await store();
    } else {
      idle++;
    }
    await pause();
  }
  claims.release(claim);
  // A helper may have handed its journal over between the last round and the release, relying on the claim.
  if (adopt()) await store();
}
