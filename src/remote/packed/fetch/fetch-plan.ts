import type { Pack } from "../format/entry.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** One request: a range of a pack, and the wanted outputs in it, sorted by offset. */
export interface Fetch {
  pack: Pack;
  offset: number;
  length: number;
  outputs: WantedOutput[];
}

/** Reading a gap of up to this size is cheaper than another request. */
const GAP_BYTES = 512 << 10;

/** If at least this share of a pack is wanted, gaps of any size are read. */
const WHOLE_SHARE = 0.5;

/** Above a usual pack's size; a larger request would only delay the outputs at its end. */
const MAX_FETCH_BYTES = 16 << 20;

/** Plans the requests for `outputs`. Packs are in the order of their first output in the list. */
export function planFetches(outputs: WantedOutput[]): Fetch[] {
  const packs = Map.groupBy(outputs, ({ place }) => place.pack.id);
  return [...packs.values()].flatMap(planPack);
}

function planPack(outputs: WantedOutput[]): Fetch[] {
  const sorted = outputs.toSorted((a, b) => a.place.offset - b.place.offset);
  const pack = (sorted[0] as WantedOutput).place.pack;
  const wantedBytes = sorted.reduce((sum, { place }) => sum + place.length, 0);
  const gapBytes = wantedBytes >= WHOLE_SHARE * pack.sizeBytes ? pack.sizeBytes : GAP_BYTES;
  const fetches: Fetch[] = [];
  for (const output of sorted) {
    const { offset, length } = output.place;
    const last = fetches.at(-1);
    const end = offset + length;
    if (last !== undefined && offset - (last.offset + last.length) <= gapBytes && fits(last, end)) {
      last.length = Math.max(last.length, end - last.offset);
      last.outputs.push(output);
    } else {
      fetches.push({ pack, offset, length, outputs: [output] });
    }
  }
  return fetches;
}

function fits(fetch: Fetch, end: number): boolean {
  return end - fetch.offset <= MAX_FETCH_BYTES;
}
