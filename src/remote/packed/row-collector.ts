import type { Claims } from "./fetch/claims.ts";

/** Between two looks; long enough that several sessions are dealt with at once. */
const PAUSE_MS = 500;
/** So many looks in vain end it. */
const MAX_IDLE_ROUNDS = 2;

/**
 * One helper does the bookkeeping for a row of short go commands: each leaves what it used and put, and whoever finds
 * nobody collecting goes on for as long as more comes. Otherwise every one of them would read the records anew, and
 * upload a pack and three records of its own.
 */
export async function collectRow(options: {
  claims: Claims;
  /** See `projectHash`: `adopt` takes over what this project's helpers left, and nothing else. */
  project: string;
  /** Takes over what was left; returns whether there was anything. */
  adopt: () => boolean;
  /** Brings it into the bucket. */
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
  // A helper may have handed over after the last look and before the release: it saw the claim, and relies on it.
  if (adopt()) await store();
}
