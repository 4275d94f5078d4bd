/** The hint at the end of a message about an unknown name. */
import { nearestName } from "../../lib/text/nearest-name.ts";

/** ` (did you mean --bucket?)` with the nearest of `names` as `show` writes it, or nothing. */
export function didYouMean(
  word: string,
  names: Iterable<string>,
  show: (name: string) => string | undefined = (name) => name,
): string {
  const near = nearestName(word, [...names]);
  return near === undefined ? "" : ` (did you mean ${show(near)}?)`;
}
