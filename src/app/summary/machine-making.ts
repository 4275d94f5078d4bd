import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Counters } from "../../lib/counters.ts";
import { replaceFile } from "../../lib/replace-file.ts";
import type { Making, MakingTimes } from "../../remote/making.ts";
import { STATE_DIR } from "../../store/local-dir.ts";

/** Beyond that, what was long ago counts less and less. */
const MAX_PUTS = 100_000;

/**
 * How long go takes to make things on this machine: `state/making.json`, `{"puts":…,"ms":…}`. A machine that has made
 * nothing yet begins with what a record of the job says. Of several processes at once the last one's file stays, which
 * an average survives.
 */
export class MachineMaking implements MakingTimes {
  readonly #path: string;
  readonly #counters: Counters;
  #learned: Making | undefined;
  /** Of what was counted here, the part that is in the file. */
  #saved: Making = { puts: 0, ms: 0 };

  /** `root`: the cache directory. `counters`: those of the sessions that make things now. */
  constructor(root: string, counters: Counters) {
    this.#path = join(root, STATE_DIR, "making.json");
    this.#counters = counters;
  }

  learn(making: Making | undefined): void {
    this.#learned ??= making;
  }

  total(): Making {
    const before = this.#load() ?? this.#learned ?? { puts: 0, ms: 0 };
    const { puts, ms } = this.#news;
    return { puts: before.puts + puts, ms: before.ms + ms };
  }

  /** Never throws. */
  save(): void {
    const { puts } = this.#news;
    if (puts === 0 && (this.#learned === undefined || this.#load() !== undefined)) return;
    const total = this.total();
    const share = Math.min(1, MAX_PUTS / total.puts);
    try {
      replaceFile(this.#path, JSON.stringify({ puts: total.puts * share, ms: total.ms * share }));
      this.#saved = this.#counted;
    } catch {
      // The next session begins with what there was.
    }
  }

  get #counted(): Making {
    return { puts: this.#counters.get("put"), ms: this.#counters.get("made_ms") };
  }

  get #news(): Making {
    const { puts, ms } = this.#counted;
    return { puts: puts - this.#saved.puts, ms: ms - this.#saved.ms };
  }

  #load(): Making | undefined {
    try {
      const { puts, ms } = JSON.parse(readFileSync(this.#path, "utf8"));
      return puts > 0 && ms >= 0 ? { puts, ms } : undefined;
    } catch {
      return undefined;
    }
  }
}
