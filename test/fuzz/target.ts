import type { Recordings } from "./recordings/recordings.ts";

/** What a parser made of an input. */
type Verdict = "accepted" | "refused";

/** Something that reads what others have written. */
export interface FuzzTarget {
  readonly name: string;
  /** What holds of every input at all, in words. */
  readonly promise: string;
  /** Cases of the full form, in thousands. */
  readonly thousands: number;
  /** What mutations begin with: what real programs have written. */
  recordings(all: Recordings): readonly Uint8Array[];
  /** Pieces of the format, to be put in anywhere. */
  readonly words?: readonly string[];
  /** Reads one input. Throws when the promise is broken. */
  attempt(input: Buffer<ArrayBuffer>): Verdict | Promise<Verdict>;
  /** Ends what `attempt` has started. */
  close?(): Promise<void>;
}

/** A promise that was broken. */
class BrokenPromiseError extends Error {
  override name = "BrokenPromiseError" as const;
}

/** Throws unless `isKept`; `what` says what ought to be. */
export function holds(isKept: boolean, what: string): asserts isKept {
  if (!isKept) throw new BrokenPromiseError(what);
}

/** That both are the same to the last detail. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (Bun.deepEquals(actual, expected, true)) return;
  throw new BrokenPromiseError(`${what}: ${shown(actual)} is not ${shown(expected)}`);
}

/** Runs a parser that refuses by throwing an error that `isNamed` knows; `undefined`: it has refused. */
export function parsed<T>(parse: () => T, isNamed: (error: unknown) => boolean): T | undefined {
  try {
    return parse();
  } catch (error) {
    holds(isNamed(error), `it refuses by ${String(error).slice(0, 300)}`);
    return undefined;
  }
}

/** The same of one that takes its time. */
export async function parsedLater<T>(
  parse: () => Promise<T>,
  isNamed: (error: unknown) => boolean,
): Promise<T | undefined> {
  try {
    return await parse();
  } catch (error) {
    holds(isNamed(error), `it refuses by ${String(error).slice(0, 300)}`);
    return undefined;
  }
}

/** For errors without a name of their own: anything but a mistake in the program, or its end. */
export function isNoMistake(error: unknown): boolean {
  const isMistake =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return error instanceof Error && !isMistake && !(error instanceof BrokenPromiseError);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 200);
}
