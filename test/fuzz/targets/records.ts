/** Records in the bucket, which every writer of the bucket can make. */
import { compressFrame, expandFrame } from "../../../src/lib/bytes/zstd.ts";
import { formatRunFiles, parseRunFiles } from "../../../src/modproxy/run/run-files.ts";
import { parseCandidates } from "../../../src/remote/packed/bucket/gc-candidates.ts";
import { additionScopeHash } from "../../../src/remote/packed/format/keys.ts";
import { splitSeal } from "../../../src/remote/packed/format/record-seal.ts";
import { SecretKeySigner, TrustedKeys } from "../../../src/remote/packed/format/record-trust.ts";
import { formatRunRecord, parseRunRecord } from "../../../src/remote/packed/format/run-record.ts";
import { parseRunName } from "../../../src/remote/runs/run-names.ts";
import { sha256Hex } from "../../support/ids.ts";
import { fixedKey } from "../fixed-key.ts";
import type { Recordings } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, isNoMistake, parsed, parsedLater, same } from "../target.ts";

const WORDS = [
  '"version":1',
  '"kind":"run"',
  '"entries":[',
  '"packs":[',
  "[[",
  "]]",
  "null",
  "-1",
  '"prefixes":[""]',
  '"__proto__":',
];
const MAX_JSON_BYTES = 32 << 20;
const never = () => false;

function frames({ builds }: Recordings): Buffer[] {
  return [...builds.bucket].filter(([key]) => key.endsWith(".json.zst")).map(([, bytes]) => bytes);
}

function jsons(all: Recordings): Buffer[] {
  return frames(all).map((bytes) => Buffer.from(expandFrame(Uint8Array.from(bytes), MAX_JSON_BYTES)));
}

/** An accepted record formats to the same text. */
async function readsBack(record: ReturnType<typeof parseRunRecord>): Promise<void> {
  same(parseRunRecord(await formatRunRecord(record)).entries.length, record.entries.length, "read again");
  for (const { sizeBytes, place } of record.entries) {
    holds(place !== undefined || sizeBytes === 0, "bytes that lie nowhere");
    holds(place === undefined || place.offset + place.length <= place.pack.sizeBytes, "beyond its pack");
  }
}

const frame: FuzzTarget = {
  name: "run record",
  promise: "entries within their packs, which format to the same text; or an Error",
  thousands: 40,
  recordings: frames,
  async attempt(input) {
    const record = parsed(() => parseRunRecord(input), isNoMistake);
    if (record === undefined) return "refused";
    await readsBack(record);
    return "accepted";
  },
};

const inside: FuzzTarget = {
  ...frame,
  name: "run record's JSON",
  thousands: 40,
  recordings: jsons,
  words: WORDS,
  attempt: async (input) => await frame.attempt(compressFrame(input) as Buffer<ArrayBuffer>),
};

const KEY = "ci/packed/v1/run/a/b/c/d/0-1-m.json.zst";
const NOW_MS = Date.UTC(2026, 0, 1);
const key = fixedKey("records");
const signer = new SecretKeySigner(key, 86_400_000, () => NOW_MS);
const trust = new TrustedKeys([key.publicKey], () => NOW_MS);
/** The signed bytes. */
const signedSums = new Set<string>();

const signed: FuzzTarget = {
  name: "signed record",
  promise: "every byte that counts was signed; or an Error",
  thousands: 40,
  recordings: (all) => {
    for (const bytes of frames(all)) signedSums.add(sha256Hex(bytes));
    return frames(all).map((bytes) => Buffer.from(signer.sign(KEY, Uint8Array.from(bytes))));
  },
  words: ['"seal":1', '"expires":', '"key":"', '"signature":"', "\x50\x2a\x4d\x18"],
  attempt(input) {
    const untilMs = parsed(() => trust.check(KEY, input), isNoMistake);
    if (untilMs === undefined) return "refused";
    holds(signedSums.has(sha256Hex(splitSeal(input).frame)), "bytes without a signature");
    same(untilMs, NOW_MS + 86_400_000, "another end");
    return "accepted";
  },
};

const modules: FuzzTarget = {
  name: "record of module files",
  promise: "names, sizes and sums, which format to the same text; or an Error",
  thousands: 40,
  recordings: () => [
    Buffer.from(
      JSON.stringify({
        version: 1,
        kind: "modules",
        about: { project: "example.com/a", run: "1" },
        files: [
          ["rsc.io/quote/@v/v1.5.2.zip", 2743, sha256Hex("a")],
          ["rsc.io/quote/@v/v1.5.2.mod", 55, sha256Hex("b"), 'module "rsc.io/quote"\n'],
          ["rsc.io/quote/@v/v1.5.2.info", 3, sha256Hex("c"), "base64:AAEC"],
        ],
      }),
    ),
  ],
  words: ["base64:", "[[", '"files":['],
  async attempt(input) {
    const found = parsed(() => parseRunFiles(compressFrame(input)), isNoMistake);
    if (found === undefined) return "refused";
    for (const file of found) holds(Number.isSafeInteger(file.sizeBytes) && file.sizeBytes >= 0, "no size");
    const again = await parsedLater(async () => parseRunFiles(await formatRunFiles({}, found)), never);
    same(again?.length, found.length, "read again");
    return "accepted";
  },
};

const candidates: FuzzTarget = {
  name: "candidates of gc",
  promise: "ids, and times that have an age; or an Error",
  thousands: 40,
  recordings: () => [
    Buffer.from(JSON.stringify({ version: 1, packs: { [sha256Hex("a")]: 1_700_000_000_000 } })),
  ],
  words: ['"__proto__":1', '"packs":null', "null"],
  attempt(input) {
    const found = parsed(() => parseCandidates(compressFrame(input)), isNoMistake);
    if (found === undefined) return "refused";
    for (const ms of found.values()) holds(Number.isSafeInteger(ms) && ms > 0, `seen at ${ms}`);
    return "accepted";
  },
};

const keys: FuzzTarget = {
  name: "keys of records",
  promise: "a time, a run and a writer, or nothing; nothing is thrown",
  thousands: 40,
  recordings: ({ builds }) => [...builds.bucket.keys()].map((text) => Buffer.from(text)),
  attempt(input) {
    const text = input.toString("latin1");
    const name = parsed(() => parseRunName(text), never);
    const hash = parsed(() => additionScopeHash(text), never);
    if (name === undefined) return hash === undefined ? "refused" : "accepted";
    holds(Number.isSafeInteger(name.startedMs) && name.startedMs >= 0, `started at ${name.startedMs}`);
    holds(!`${name.run}${name.writer}`.includes("/"), "another folder");
    return "accepted";
  },
};

export const RECORD_TARGETS: readonly FuzzTarget[] = [frame, inside, signed, modules, candidates, keys];
