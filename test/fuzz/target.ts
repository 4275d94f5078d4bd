import type { Recordings } from "./recordings/recordings.ts";

/** A parser's result for an input. */
type Verdict = "accepted" | "refused";

/** A reader of untrusted input. */
export interface FuzzTarget {
  readonly name: string;
  /** The promise for every input, in words. */
  readonly promise: string;
  /** Cases of the full form, in thousands. */
  readonly thousands: number;
  /** The inputs to mutate: bytes from real programs. */
  recordings(all: Recordings): readonly Uint8Array[];
  /** Words of the format, to insert anywhere. */
  readonly words?: readonly string[];
  /** Reads one input. Throws when the promise is broken. */
  attempt(input: Buffer<ArrayBuffer>): Verdict | Promise<Verdict>;
  /** Ends processes and servers of `attempt`. */
  close?(): Promise<void>;
}

/** A promise that was broken. */
class BrokenPromiseError extends Error {
  override name = "BrokenPromiseError" as const;
}

/** Throws unless `isKept`; `what` describes the expectation. */
export function holds(isKept: boolean, what: string): asserts isKept {
  if (!isKept) throw new BrokenPromiseError(what);
}

/** Throws unless both are deeply equal. */
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

/** The same for an asynchronous parser. */
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

/** For unnamed errors: any error except a bug in the program, or its end. */
export function isNoMistake(error: unknown): boolean {
  const isMistake =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return error instanceof Error && !isMistake && !(error instanceof BrokenPromiseError);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 200);
}
