/** The directives of Cache-Control (RFC 9111 §5.2). */
import { type HeaderList, headerValue } from "./header-list.ts";

/** What no clock of ours gets to; the same as older caches' 2^31. */
export const MAX_SECONDS = 2 ** 31;

const DIRECTIVE = /\s*([^\s=,"]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,"]*))?\s*(?:,|$)/gy;

export class CacheControl {
  readonly #directives: ReadonlyMap<string, readonly (string | undefined)[]>;

  private constructor(directives: ReadonlyMap<string, readonly (string | undefined)[]>) {
    this.#directives = directives;
  }

  /** Of all Cache-Control fields together. `Pragma: no-cache` counts where there is none. */
  static of(headers: HeaderList): CacheControl {
    const text = headerValue(headers, "cache-control");
    if (text !== undefined) return new CacheControl(parse(text));
    const isOld = /(^|,)\s*no-cache\s*(,|$)/i.test(headerValue(headers, "pragma") ?? "");
    return new CacheControl(new Map(isOld ? [["no-cache", [undefined]]] : []));
  }

  /** With or without a value. */
  has(name: string): boolean {
    return this.#directives.has(name);
  }

  /**
   * The seconds that a directive says; `undefined` when it is not there. A value that is none counts as 0, and of
   * several the least one: what is unclear is stale.
   */
  seconds(name: string): number | undefined {
    const values = this.#directives.get(name);
    return values?.map(parseSeconds).reduce((least, seconds) => Math.min(least, seconds));
  }
}

function parse(text: string): Map<string, (string | undefined)[]> {
  const directives = new Map<string, (string | undefined)[]>();
  let at = 0;
  while (at < text.length) {
    DIRECTIVE.lastIndex = at;
    const [found, name = "", value] = DIRECTIVE.exec(text) ?? [];
    if (found === undefined || found === "") {
      // Not a directive: on to the next comma.
      const comma = text.indexOf(",", at);
      at = comma === -1 ? text.length : comma + 1;
      continue;
    }
    const key = name.toLowerCase();
    // Any number of times, and so not copied each time.
    const values = directives.get(key);
    if (values === undefined) directives.set(key, [value]);
    else values.push(value);
    at += found.length;
  }
  return directives;
}

function parseSeconds(value: string | undefined): number {
  const digits = /^(?:(\d+)|"(\d+)")$/.exec(value ?? "");
  return digits === null ? 0 : Math.min(Number(digits[1] ?? digits[2]), MAX_SECONDS);
}
