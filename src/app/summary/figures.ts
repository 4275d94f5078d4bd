/** Figures for people, from counters. */
import { NATIVE_COUNTERS, type NativeFigures, nativeFiguresOf } from "./native-figures.ts";

/** US dollars a request, as S3 charges them in most regions: PUT and LIST, GET and HEAD. DELETE costs nothing. */
const WRITE_PRICE = 5 / 1e6;
const READ_PRICE = 0.4 / 1e6;
/** US dollars for a byte that leaves AWS, at the highest step of the usual price list. */
const TRAFFIC_PRICE = 0.09 / 1e9;
/** Less is within the error of the estimate. */
const MIN_SAVED_MS = 100;

export interface Figures {
  lookUps: number;
  /** Answered by the local disk (`localHits`), or by the bucket while go waited (`remoteHits`). */
  hits: number;
  localHits: number;
  remoteHits: number;
  misses: number;
  /** Outputs that came from the bucket in packs, prefetched or not, and their compressed bytes. */
  fetchedOutputs: number;
  fetchedBytes: number;
  requests: number;
  /** GET and HEAD, PUT and LIST. */
  reads: number;
  writes: number;
  receivedBytes: number;
  sentBytes: number;
  /** For the requests, at `READ_PRICE` and `WRITE_PRICE`. */
  dollars: number;
  /** For the bytes received, if they leave AWS. */
  trafficDollars: number;
  /** `undefined`: nothing was saved, as far as is known. */
  savedMs: number | undefined;
  /** Why nothing came from the bucket and nothing went there; `undefined`: something did, or nothing went wrong. */
  bucketUnused: string | undefined;
  /** Errors, such as `2 lookups failed`. */
  troubles: string[];
  /** Why lookups bypassed the bucket: `slow`, `failing`, `unanswered`. */
  bypasses: string[];
  /** How many. */
  skipped: number;
  /** `undefined`: neither `restore` nor `save` has run. */
  native: NativeFigures | undefined;
}

const TROUBLES: readonly [name: string, one: string, many: string][] = [
  ["get_remote_error", "lookup failed", "lookups failed"],
  ["get_remote_denied", "lookup was refused (403)", "lookups were refused (403)"],
  ["get_remote_bad_record", "malformed record", "malformed records"],
  ["records_bad", "record could not be used", "records could not be used"],
  ["records_refused", "record that no trusted key has signed", "records that no trusted key has signed"],
  [
    "prefixes_refused",
    "segment is, or names packs, below a prefix that is not read",
    "segments are, or name packs, below prefixes that are not read",
  ],
  ["packs_bad", "pack was gone or wrong", "packs were gone or wrong"],
  [
    "prefetch_left",
    "entry not fetched ahead, since --max-size was reached",
    "entries not fetched ahead, since --max-size was reached",
  ],
  [NATIVE_COUNTERS.missing, "entry could not be restored", "entries could not be restored"],
  ["put_remote_error", "upload failed", "uploads failed"],
  ["put_remote_lost", "entry could not be uploaded in time", "entries could not be uploaded in time"],
];

/** The first of these counters that is set is why a bucket was of no use. */
const UNUSED_REASONS: readonly [name: string, reason: string][] = [
  ["remote_unsigned", "no credentials were found, and it refuses requests that are not signed (403)"],
  ["remote_list_denied", "s3:ListBucket is not granted (403)"],
  ["get_remote_denied", "s3:GetObject or s3:ListBucket is not granted (403)"],
  ["s3_answers_list_403", "it refuses requests (403)"],
  ["s3_answers_get_403", "it refuses requests (403)"],
  ["get_remote_error", "it failed or did not answer"],
  ["left_alone_unanswered", "it failed or did not answer"],
];

/** Counters of traffic with the bucket. */
const USES = [
  "get_remote_hit",
  "prefetch_outputs",
  "put_remote_object",
  "put_remote_found",
  "put_remote_action",
];
const LEFT_ALONE = "left_alone_";

/** `counts`: by the names of `--metrics`, one session's or a whole job's. */
export function figuresOf(counts: Readonly<Record<string, number>>): Figures {
  const of = (name: string): number => counts[name] ?? 0;
  const localHits = of("get_local_hit");
  const remoteHits = of("get_remote_hit");
  const hits = localHits + remoteHits;
  const reads = of("s3_requests_get") + of("s3_requests_head");
  const writes = of("s3_requests_put") + of("s3_requests_list");
  const savedMs = of("compile_saved_ms") - of("remote_wait_ms");
  return {
    lookUps: of("get"),
    hits,
    localHits,
    remoteHits,
    misses: Math.max(0, of("get") - hits),
    fetchedOutputs: of("prefetch_outputs"),
    fetchedBytes: of("prefetch_bytes"),
    requests: of("s3_requests"),
    reads,
    writes,
    receivedBytes: of("s3_bytes_received"),
    sentBytes: of("s3_bytes_sent"),
    dollars: reads * READ_PRICE + writes * WRITE_PRICE,
    trafficDollars: of("s3_bytes_received") * TRAFFIC_PRICE,
    savedMs: savedMs >= MIN_SAVED_MS ? savedMs : undefined,
    bucketUnused: bucketUnused(of),
    troubles: TROUBLES.filter(([name]) => of(name) > 0).map(
      ([name, one, many]) => `${formatCount(of(name))} ${of(name) === 1 ? one : many}`,
    ),
    bypasses: Object.keys(counts)
      .filter((name) => name.startsWith(LEFT_ALONE))
      .map((name) => name.slice(LEFT_ALONE.length)),
    skipped: of("get_remote_skipped"),
    native: nativeFiguresOf(counts),
  };
}

/** `1,066`. */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US");
}

function bucketUnused(of: (name: string) => number): string | undefined {
  const failed = of("get_remote_error") + of("get_remote_denied") + of("get_remote_skipped");
  const isAnswered = of("get_remote_miss") > failed;
  if (isAnswered || USES.some((name) => of(name) > 0)) return undefined;
  return UNUSED_REASONS.find(([name]) => of(name) > 0)?.[1];
}
