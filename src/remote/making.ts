/** What go has made after a look-up had missed, on one machine or several. */
export interface Making {
  /** How many entries it put. */
  puts: number;
  /** For how long it was at it: the time while at least one was being made, in milliseconds. */
  ms: number;
}

/** Knows how long go takes to make things. It goes from machine to machine with the records of runs. */
export interface MakingTimes {
  /** Takes what a record says; the first that says anything counts, and only where this machine knows nothing. */
  learn(making: Making | undefined): void;
  /** All that is known, with what is being made now. */
  total(): Making;
}

/** How it stands in the `about` of a run's record. */
export function formatMaking({ puts, ms }: Making): Record<string, string> {
  return puts > 0 ? { puts: String(puts), madeMs: String(Math.round(ms)) } : {};
}

/** `undefined`: the record does not say. */
export function parseMaking({ puts, madeMs }: Record<string, unknown>): Making | undefined {
  const making = { puts: Number(puts), ms: Number(madeMs) };
  const isValid = Number.isSafeInteger(making.puts) && making.puts > 0 && making.ms >= 0 && making.ms < 1e15;
  return isValid ? making : undefined;
}
