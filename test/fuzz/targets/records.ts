/** Records in the bucket, which every writer of the bucket can make. */
import { compressFrame, expandFrame } from "../../../src/lib/bytes/zstd.ts";
import { formatRunFiles, parseRunFiles } from "../../../src/modproxy/run/run-files.ts";
import { additionScopeHash } from "../../../src/remote/packed/format/keys.ts";
import { splitParts } from "../../../src/remote/packed/format/record-parts.ts";
import { SecretKeySigner, TrustedKeys } from "../../../src/remote/packed/format/record-trust.ts";
import {
  formatRunRecord,
  inlineSegments,
  parseRunRecord,
  type RunRecord,
} from "../../../src/remote/packed/format/run-record.ts";
import { allRows, type Segment } from "../../../src/remote/packed/format/segment.ts";
import { newSegment } from "../../../src/remote/packed/format/segment-builder.ts";
import { MAX_SEGMENT_BYTES } from "../../../src/remote/packed/format/segment-layout.ts";
import { parseRunName } from "../../../src/remote/runs/run-names.ts";
import { sha256Hex } from "../../support/ids.ts";
import { fixedKey } from "../fixed-key.ts";
import type { Recordings } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, isNoMistake, parsed, parsedLater, same } from "../target.ts";

const WORDS = [
  '"version":2',
  '"kind":"run"',
  '"segments":[',
  '"inline":true',
  '"used":"AQ=="',
  '"rows":32769',
  '"prefix":""',
  "null",
  "-1",
  '"__proto__":',
];
const MAX_JSON_BYTES = 32 << 20;
const never = () => false;

function frames({ builds }: Recordings): Buffer[] {
  return [...builds.bucket].filter(([key]) => key.endsWith(".json.zst")).map(([, bytes]) => bytes);
}

function jsons(all: Recordings): Buffer[] {
  return ownFrames(all).map((bytes) => Buffer.from(expandFrame(Uint8Array.from(bytes), MAX_JSON_BYTES)));
}

/** The parts' own frames, without the inline segments. */
function ownFrames(all: Recordings): Buffer[] {
  return frames(all).map((bytes) => Buffer.from(splitParts(Uint8Array.from(bytes)).frame));
}

/** All segments of the builds, inline and as objects. */
function segments(all: Recordings): Buffer[] {
  const objects = [...all.builds.bucket]
    .filter(([key]) => key.includes("/segment/"))
    .map(([, bytes]) => bytes);
  const inline = frames(all).flatMap((bytes) => splitParts(Uint8Array.from(bytes)).segmentFrames);
  return [...objects, ...inline].map((bytes) =>
    Buffer.from(expandFrame(Uint8Array.from(bytes), MAX_SEGMENT_BYTES)),
  );
}

/** An accepted record formats to one that is read as the same. */
async function readsBack(record: RunRecord, input: Uint8Array<ArrayBuffer>): Promise<void> {
  const inline = parsed(() => inlineSegments(input, record.segments), isNoMistake);
  if (inline === undefined) return;
  const again = await formatRunRecord(record, inline);
  const refs = ({ segments }: RunRecord) =>
    segments.map(({ used, ...ref }) => ({ ...ref, used: used?.format() }));
  const read = parseRunRecord(again);
  const isAll = record.segments.map(({ used }) => used?.isAll === true);
  same(
    refs(read),
    refs(record).map((ref, at) => (isAll[at] ? { ...ref, used: undefined } : ref)),
    "read again",
  );
  same([...inlineSegments(again, read.segments).keys()], [...inline.keys()], "segments read again");
  for (const { rows, used } of record.segments) {
    holds(rows > 0 && rows <= 32_768, `${rows} rows`);
    holds(used === undefined || used.count <= rows, "more used rows than there are");
  }
}

/** Looks everything up that the segment has. */
function isConsistent(segment: Segment): void {
  segment.fetchOrder();
  for (const [row, entry] of segment.entries(allRows(segment))) {
    same(segment.entry(row), entry, "the same row");
    const { actionId, outputId, sizeBytes, place } = entry;
    holds(place !== undefined || sizeBytes === 0, "bytes that lie nowhere");
    holds(place === undefined || place.offset + place.length <= place.pack.sizeBytes, "beyond its pack");
    const found = [segment.findAction(actionId), [...segment.rowsOfOutput(outputId)][0]].map((at) =>
      segment.entry(at ?? -1),
    );
    holds(found[0] === undefined || found[0].actionId === actionId, "another action");
    holds(found[1] === undefined || found[1].outputId === outputId, "another output");
  }
}

const frame: FuzzTarget = {
  name: "run record",
  promise: "segments and sets of their rows, which are read again as the same; or an Error",
  thousands: 40,
  recordings: frames,
  async attempt(input) {
    const record = parsed(() => parseRunRecord(input), isNoMistake);
    if (record === undefined) return "refused";
    await readsBack(record, input);
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

const segment: FuzzTarget = {
  name: "segment",
  promise: "entries within their packs, found by their own ids or not at all; or an Error when it is opened",
  thousands: 20,
  recordings: segments,
  words: [
    "gcpseg1\n",
    '{"prefixes":[""]}',
    ',"executables":{"0":"tool"}',
    "\0\0\0\0",
    "\xff\xff",
    "\xff\xff\xff\xff",
  ],
  attempt(input) {
    const made = parsed(() => newSegment(input), isNoMistake);
    if (made === undefined) return "refused";
    isConsistent(made.segment);
    return "accepted";
  },
};

const parts: FuzzTarget = {
  name: "parts of a record",
  promise: "parts within the bytes, one after the other; nothing is thrown",
  thousands: 40,
  recordings: frames,
  words: ["\x51\x2a\x4d\x18", "\x50\x2a\x4d\x18", "\x28\xb5\x2f\xfd", '{"seal":1}'],
  attempt(input) {
    const { frame: own, segmentFrames } = splitParts(input);
    const all = [own, ...segmentFrames];
    let at = input.byteOffset;
    for (const part of all) {
      holds(part.byteOffset >= at, "parts overlap");
      at = part.byteOffset + part.length;
    }
    holds(at <= input.byteOffset + input.length, "beyond the bytes");
    return segmentFrames.length > 0 ? "accepted" : "refused";
  },
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
    for (const bytes of ownFrames(all)) signedSums.add(sha256Hex(bytes));
    return frames(all).map((bytes) => Buffer.from(signer.sign(KEY, Uint8Array.from(bytes))));
  },
  words: ['"seal":1', '"name":"', '"expires":', '"key":"', '"signature":"', "\x50\x2a\x4d\x18"],
  attempt(input) {
    const untilMs = parsed(() => trust.check(KEY, input), isNoMistake);
    if (untilMs === undefined) return "refused";
    holds(signedSums.has(sha256Hex(splitParts(input).frame)), "bytes without a signature");
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

export const RECORD_TARGETS: readonly FuzzTarget[] = [frame, inside, parts, segment, signed, modules, keys];
