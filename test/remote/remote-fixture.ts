import { Counters } from "../../src/lib/counters.ts";
import { Logger } from "../../src/lib/logger.ts";
import { RemoteHealth } from "../../src/remote/health.ts";
import { HealthFile } from "../../src/remote/health-file.ts";
import { FakeNow } from "../support/fake-now.ts";

/** Health over a file, with a clock and all that was said to the user. */
export interface HealthFixture {
  health: RemoteHealth;
  clock: FakeNow;
  counters: Counters;
  log: Logger;
  lines: string[];
  /** How often uploads under way were told to stop. */
  stops: () => number;
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
  let stops = 0;
  const health = new RemoteHealth({
    file: new HealthFile(path, clock.now),
    log,
    store,
    onWritesStopped: () => stops++,
    now: clock.now,
  });
  return { health, clock, counters: new Counters(), log, lines, stops: () => stops };
}
