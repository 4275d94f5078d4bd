/** The directives of Cache-Control (RFC 9111 §5.2). */
import { type HeaderList, headerValue } from "./header-list.ts";

/** The largest delta-seconds (RFC 9111 §1.2.2). */
export const MAX_SECONDS = 2 ** 31;

const DIRECTIVE = /\s*([^\s=,"]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,"]*))?\s*(?:,|$)/gy;

export class CacheControl {
  readonly #directives: ReadonlyMap<string, readonly (string | undefined)[]>;

  private constructor(directives: ReadonlyMap<string, readonly (string | undefined)[]>) {
    this.#directives = directives;
  }

  /** All Cache-Control fields together. Without one, `Pragma: no-cache` counts. */
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
   * The seconds of a directive; `undefined` without it. An invalid value counts as 0, and the least of several values
   * counts: what is unclear is stale.
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
      // Not a directive: skip to the next comma.
      const comma = text.indexOf(",", at);
      at = comma === -1 ? text.length : comma + 1;
      continue;
    }
    const key = name.toLowerCase();
    // Not copied: there may be any number of values.
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
