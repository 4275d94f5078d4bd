/** The lines of `--metrics` and of `stats`. */
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { type Figures, formatCount } from "./figures.ts";
import { nativeDetails, nativeHeadline } from "./native-text.ts";

/** Not worth a word. */
const MIN_TRAFFIC_DOLLARS = 0.0001;

/** Errors come first, then the hits, their sources, and the cost. */
export function summaryLines(figures: Figures, headlineEnd = ""): string[] {
  const { troubles, requests, native } = figures;
  const unused = unusedText(figures);
  const bypassed = bypassText(figures);
  return [
    ...(unused === undefined ? [] : [unused]),
    ...(troubles.length > 0 ? [`errors: ${troubles.join(", ")}`] : []),
    `${headline(figures)}${headlineEnd}`,
    ...(hasLookUps(figures) ? [`sources: ${sources(figures)}`] : []),
    ...(native === undefined ? [] : [nativeDetails(native)]),
    ...(bypassed === undefined ? [] : [`bucket bypassed: ${bypassed}`]),
    ...(requests > 0 ? [`cost: ${cost(figures)}`] : []),
  ];
}

/** `The bucket was not used: s3:ListBucket is not granted (403). Nothing was shared.`; `undefined`: it was used. */
export function unusedText({ bucketUnused }: Figures): string | undefined {
  return bucketUnused === undefined
    ? undefined
    : `The bucket was not used: ${bucketUnused}. Nothing was shared.`;
}

/** `98.7 % hits (1,052 of 1,066), 41.0 MiB in 14 requests, about 23 s saved`. */
export function headline(figures: Figures): string {
  const { requests, receivedBytes, sentBytes, native } = figures;
  const traffic = formatByteSize(receivedBytes + sentBytes);
  const saved = savedText(figures);
  return [
    ...(hasLookUps(figures) ? [hitsText(figures)] : []),
    ...(native === undefined ? [] : [nativeHeadline(native)]),
    ...(requests > 0
      ? [`${traffic} in ${formatCount(requests)} ${requests === 1 ? "request" : "requests"}`]
      : []),
    ...(saved === undefined ? [] : [`${saved} saved`]),
  ].join(", ");
}

/** Whether go commands looked anything up, or nothing else has happened. */
export function hasLookUps({ lookUps, native }: Figures): boolean {
  return lookUps > 0 || native === undefined;
}

function hitsText({ lookUps, hits }: Figures): string {
  if (lookUps === 0) return "no lookups";
  return `${percent(hits, lookUps)} hits (${formatCount(hits)} of ${formatCount(lookUps)})`;
}

/** Rounded down: only all of them are 100 %. */
function percent(part: number, whole: number): string {
  return formatTenths(whole === 0 ? 0 : Math.floor((1000 * part) / whole));
}

/** The shares of local hits, remote hits and misses: they add up to 100.0, and the hits to the headline's figure. */
export function percentages({
  localHits,
  remoteHits,
  misses,
}: Pick<Figures, "localHits" | "remoteHits" | "misses">): [string, string, string] {
  const whole = localHits + remoteHits + misses;
  if (whole === 0) return [formatTenths(0), formatTenths(0), formatTenths(0)];
  const hits = Math.floor((1000 * (localHits + remoteHits)) / whole);
  const local = remoteHits === 0 ? hits : Math.min(hits, Math.round((1000 * localHits) / whole));
  return [formatTenths(local), formatTenths(hits - local), formatTenths(1000 - hits)];
}

/** The cost of requests and traffic at AWS's prices, without storage. */
export function cost({ dollars, trafficDollars, reads, writes }: Figures): string {
  const requests = `requests ${formatDollars(dollars)} (${formatCount(reads)} GET, ${formatCount(writes)} PUT or LIST)`;
  if (trafficDollars < MIN_TRAFFIC_DOLLARS) return requests;
  return `${requests}; traffic up to ${formatDollars(trafficDollars)} outside AWS`;
}

/** `about 23 s`; `undefined` when nothing was saved. */
export function savedText({ savedMs }: Figures): string | undefined {
  return savedMs === undefined ? undefined : `about ${formatSeconds(savedMs)}`;
}

const BYPASS_REASONS: Readonly<Record<string, string>> = {
  slow: "slower than compiling",
  failing: "lookups took too long to fail",
  unanswered: "failed or did not answer",
};

/** `slower than compiling, 380 lookups not sent`; `undefined` when it was not. */
export function bypassText({ bypasses, skipped }: Figures): string | undefined {
  if (bypasses.length === 0) return undefined;
  const reasons = bypasses.map((reason) => BYPASS_REASONS[reason] ?? reason);
  const lookups = skipped === 1 ? "1 lookup" : `${formatCount(skipped)} lookups`;
  return [...reasons, ...(skipped === 0 ? [] : [`go did not wait for ${lookups}`])].join(", ");
}

/** `1,020 outputs (38.0 MiB)`. */
export function fetched(outputs: number, bytes: number): string {
  return `${formatCount(outputs)} outputs (${formatByteSize(bytes)})`;
}

function sources({ localHits, remoteHits, misses, fetchedOutputs, fetchedBytes }: Figures): string {
  const answers = `${formatCount(localHits)} local disk, ${formatCount(remoteHits)} bucket, ${formatCount(misses)} missed`;
  if (fetchedOutputs === 0) return answers;
  return `${answers}; fetched from the bucket: ${fetched(fetchedOutputs, fetchedBytes)}`;
}

function formatTenths(tenths: number): string {
  return `${(tenths / 10).toFixed(1)} %`;
}

function formatDollars(dollars: number): string {
  return `$${new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 }).format(dollars)}`;
}

function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
