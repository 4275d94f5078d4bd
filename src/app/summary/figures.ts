/** What counters come to, for people. */

/** US dollars a request, as S3 charges them in most regions: PUT and LIST, GET and HEAD. Removing costs nothing. */
const WRITE_PRICE = 5 / 1e6;
const READ_PRICE = 0.4 / 1e6;

export interface Figures {
  lookUps: number;
  /** Of which the local disk answered `localHits`, and go waited for the bucket for `remoteHits`. */
  hits: number;
  localHits: number;
  remoteHits: number;
  misses: number;
  /** Outputs that came from the bucket in packs, ahead of go or not, and their bytes as they came. */
  broughtOutputs: number;
  broughtBytes: number;
  requests: number;
  /** GET and HEAD, PUT and LIST. */
  reads: number;
  writes: number;
  receivedBytes: number;
  sentBytes: number;
  /** Of the requests, at `READ_PRICE` and `WRITE_PRICE`. */
  dollars: number;
  /** `undefined`: nothing is known of that. */
  savedMs: number | undefined;
  /** What went wrong, such as `2 look-ups failed`. */
  troubles: string[];
  /** Why look-ups were not asked for: `slow`, `failing`, `unanswered`. */
  remoteLeftAlone: string[];
  /** How many. */
  skipped: number;
}

const TROUBLES: readonly [name: string, one: string, many: string][] = [
  ["get_remote_error", "look-up failed", "look-ups failed"],
  ["get_remote_denied", "look-up was refused (403)", "look-ups were refused (403)"],
  ["get_remote_bad_record", "malformed record", "malformed records"],
  ["records_bad", "record could not be used", "records could not be used"],
  ["records_refused", "record that no trusted key has signed", "records that no trusted key has signed"],
  ["packs_bad", "pack was gone or wrong", "packs were gone or wrong"],
  ["put_remote_error", "upload failed", "uploads failed"],
  ["put_remote_lost", "entry could not be uploaded in time", "entries could not be uploaded in time"],
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
  return {
    lookUps: of("get"),
    hits,
    localHits,
    remoteHits,
    misses: Math.max(0, of("get") - hits),
    broughtOutputs: of("prefetch_outputs"),
    broughtBytes: of("prefetch_bytes"),
    requests: of("s3_requests"),
    reads,
    writes,
    receivedBytes: of("s3_bytes_received"),
    sentBytes: of("s3_bytes_sent"),
    dollars: reads * READ_PRICE + writes * WRITE_PRICE,
    savedMs: counts.saved_ms,
    troubles: TROUBLES.filter(([name]) => of(name) > 0).map(
      ([name, one, many]) => `${formatCount(of(name))} ${of(name) === 1 ? one : many}`,
    ),
    remoteLeftAlone: Object.keys(counts)
      .filter((name) => name.startsWith(LEFT_ALONE))
      .map((name) => name.slice(LEFT_ALONE.length)),
    skipped: of("get_remote_skipped"),
  };
}

/** `1,066`. */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US");
}
