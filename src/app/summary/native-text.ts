/** What `restore` and `save` did, as text. */
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { formatCount } from "./figures.ts";
import type { NativeFigures } from "./native-figures.ts";

/** `98.9 % of the entries used were stored before (1,130 of 1,142)`; without a save what was restored. */
export function nativeHeadline(figures: NativeFigures): string {
  const { saves, used, added, restored } = figures;
  if (saves === 0) return restored === 0 ? "nothing restored" : `${entries(restored)} restored`;
  if (used === 0) return "go used no entries";
  const known = Math.max(0, used - added);
  // Rounded down: only all of them are 100 %.
  const percent = (Math.floor((1000 * known) / used) / 10).toFixed(1);
  return `${percent} % of the entries used were stored before (${formatCount(known)} of ${formatCount(used)})`;
}

/** `restored: 1,279 entries, 58.2 MiB fetched; saved: 12 new entries`. */
export function nativeDetails(figures: NativeFigures): string {
  const { restores, restored, fetchedBytes, saves, added } = figures;
  const parts = [
    ...(restores === 0 ? [] : [`restored: ${entries(restored)}, ${formatByteSize(fetchedBytes)} fetched`]),
    ...(saves === 0 ? [] : [`saved: ${added === 0 ? "nothing new" : entries(added, "new ")}`]),
  ];
  return parts.join("; ");
}

function entries(count: number, kind = ""): string {
  return `${formatCount(count)} ${kind}${count === 1 ? "entry" : "entries"}`;
}
