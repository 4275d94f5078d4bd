import { Counters } from "../../../src/lib/counters.ts";
import { Logger } from "../../../src/lib/logger.ts";
import { GuardedStore } from "../../../src/store/guard/guarded-store.ts";
import { HealthFile } from "../../../src/store/guard/health-file.ts";
import { StoreHealth } from "../../../src/store/guard/store-health.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { FakeNow } from "../../support/fake-now.ts";

/** A StoreHealth with a state file, a clock and all messages to the user. */
export interface HealthFixture {
  health: StoreHealth;
  clock: FakeNow;
  counters: Counters;
  log: Logger;
  lines: string[];
  /** A guarded store with this health. */
  guard: (store: ObjectStore, timeoutMs?: number) => GuardedStore;
}

export function openHealth(
  path: string,
  {
    clock = new FakeNow(),
    verbose = false,
    store = { name: "file:///bucket" } as { name: string; endpoint?: string },
  } = {},
): HealthFixture {
  const lines: string[] = [];
  const log = new Logger({ verbose, debugMask: 0, write: (line) => lines.push(line) });
  const health = new StoreHealth({
    file: new HealthFile(path, clock.now),
    log,
    store,
    now: clock.now,
  });
  const guard = (guarded: ObjectStore, timeoutMs = 60_000) =>
    new GuardedStore(guarded, { health, timeoutMs });
  return { health, clock, counters: new Counters(), log, lines, guard };
}
