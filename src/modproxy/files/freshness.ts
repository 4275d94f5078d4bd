import { TILE_WIDTH } from "../../gomod/sumdb/tile-name.ts";
import type { ModRequest } from "../names/mod-request.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long a file of one kind may be used. */
export interface Freshness {
  /** A younger file needs no request to the upstream. */
  freshMs: number;
  /** While it is younger, it may be used when the upstream fails. */
  staleMs: number;
  /** After the upstream had no such file, there is no further request for this long. */
  negativeMs: number;
}

export function freshnessOf(request: ModRequest): Freshness {
  switch (request.kind) {
    case "list":
    case "latest":
    case "query":
      return { freshMs: MINUTE_MS, staleMs: 7 * DAY_MS, negativeMs: MINUTE_MS };
    case "head":
      return { freshMs: MINUTE_MS, staleMs: DAY_MS, negativeMs: 0 };
    case "tile":
      return { ...FOREVER, negativeMs: request.tile.width === TILE_WIDTH ? 10_000 : 0 };
    case "lookup":
      return { ...FOREVER, negativeMs: 10_000 };
    default:
      return { ...FOREVER, negativeMs: MINUTE_MS };
  }
}

/** Whether the content of a file may change. */
export function isMutable({ kind }: ModRequest): boolean {
  return kind === "list" || kind === "latest" || kind === "query" || kind === "head";
}

const FOREVER = { freshMs: Number.POSITIVE_INFINITY, staleMs: Number.POSITIVE_INFINITY };
