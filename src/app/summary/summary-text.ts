/** The lines of `--metrics` and of `stats`. */
import { formatByteSize } from "../../lib/byte-size.ts";
import { type Figures, formatCount } from "./figures.ts";

/** The first says how it went, the others where things came from, what went wrong, and what it cost. */
export function summaryLines(figures: Figures): string[] {
  const { troubles, requests } = figures;
  const alone = leftAlone(figures);
  return [
    headline(figures),
    `sources: ${sources(figures)}`,
    ...(troubles.length > 0 ? [`errors: ${troubles.join(", ")}`] : []),
    ...(alone === undefined ? [] : [`remote left alone: ${alone}`]),
    ...(requests > 0 ? [`cost: ${cost(figures)}`] : []),
  ];
}

/** `98.7 % hits (1,052 of 1,066), 41.0 MiB in 14 requests, about 23 s saved`. */
export function headline(figures: Figures): string {
  const { lookUps, hits, requests, receivedBytes, sentBytes } = figures;
  const traffic = formatByteSize(receivedBytes + sentBytes);
  const saved = savedText(figures);
  return [
    lookUps === 0
      ? "no look-ups"
      : `${percent(hits, lookUps)} hits (${formatCount(hits)} of ${formatCount(lookUps)})`,
    ...(requests > 0
      ? [`${traffic} in ${formatCount(requests)} ${requests === 1 ? "request" : "requests"}`]
      : []),
    ...(saved === undefined ? [] : [`${saved} saved`]),
  ].join(", ");
}

/** Rounded down: only all of them are 100 %. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? "0.0" : (Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;
}

/** What the requests cost at AWS, without traffic and storage. */
export function cost({ dollars, reads, writes }: Figures): string {
  const format = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });
  return `$${format.format(dollars)} (${formatCount(reads)} GET, ${formatCount(writes)} PUT or LIST)`;
}

/** `about 23 s`; `undefined` when nothing is known of that. */
export function savedText({ savedMs }: Figures): string | undefined {
  return savedMs === undefined ? undefined : `about ${formatSeconds(savedMs)}`;
}

/** `slow, 380 look-ups not waited for`; `undefined` when it was not. */
export function leftAlone({ remoteLeftAlone, skipped }: Figures): string | undefined {
  if (remoteLeftAlone.length === 0) return undefined;
  const look = skipped === 0 ? [] : [`${formatCount(skipped)} look-ups not waited for`];
  return [...remoteLeftAlone, ...look].join(", ");
}

/** `1,020 outputs (38.0 MiB)`. */
export function fetched(outputs: number, bytes: number): string {
  return `${formatCount(outputs)} outputs (${formatByteSize(bytes)})`;
}

function sources({ localHits, remoteHits, misses, broughtOutputs, broughtBytes }: Figures): string {
  const answers = `${formatCount(localHits)} local disk, ${formatCount(remoteHits)} bucket, ${formatCount(misses)} missed`;
  if (broughtOutputs === 0) return answers;
  return `${answers}; fetched from the bucket: ${fetched(broughtOutputs, broughtBytes)}`;
}

function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
