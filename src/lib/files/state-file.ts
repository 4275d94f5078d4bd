import type { Guard } from "../shape.ts";
import { describeError } from "../text/describe-error.ts";
import { removeFile } from "./remove-file.ts";
import { replaceFile } from "./replace-file.ts";
import { readSmallFile } from "./small-file.ts";
import { statFile } from "./stat-file.ts";

export interface Codec<T> {
  /** `undefined`, or a throw: the file holds no valid value. */
  parse(bytes: Buffer<ArrayBuffer>): T | undefined;
  format(value: T): string | Uint8Array;
}

/** A small file in which this program remembers something for its next process. A lost one only costs time. */
export class StateFile<T> {
  readonly #path: string;
  readonly #codec: Codec<T>;
  readonly #maxBytes: number | undefined;

  constructor(path: string, codec: Codec<T>, maxBytes?: number) {
    this.#path = path;
    this.#codec = codec;
    this.#maxBytes = maxBytes;
  }

  /** `undefined`: the file is missing, too large or invalid. Never throws. */
  load(): T | undefined {
    try {
      return this.#codec.parse(readSmallFile(this.#path, this.#maxBytes));
    } catch {
      return undefined;
    }
  }

  /** Replaces the file atomically; returns why that failed. Never throws. */
  save(value: T): string | undefined {
    try {
      replaceFile(this.#path, this.#codec.format(value));
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  /** Never throws. */
  remove(): void {
    removeFile(this.#path);
  }

  /** Milliseconds since it was saved, negative after the clock was set back; `undefined`: there is none. */
  get ageMs(): number | undefined {
    const stat = statFile(this.#path);
    return stat && Date.now() - stat.mtimeMs;
  }
}

export const BYTES: Codec<Uint8Array<ArrayBuffer>> = { parse: (bytes) => bytes, format: (bytes) => bytes };

/** One line of text; an empty one is no value. */
export const LINE: Codec<string> = {
  parse: (bytes) => bytes.toString().trim() || undefined,
  format: (text) => `${text}\n`,
};

export function jsonOf<T>(guard: Guard<T>): Codec<T> {
  return {
    parse: (bytes) => {
      const value: unknown = JSON.parse(bytes.toString());
      return guard(value) ? value : undefined;
    },
    format: (value) => `${JSON.stringify(value)}\n`,
  };
}
