/** What collections of garbage keep in the bucket, which every writer of the bucket can make. */
import { compressFrame } from "../../../src/lib/bytes/zstd.ts";
import { parseCandidates } from "../../../src/remote/packed/gc/candidates.ts";
import { Ledger, nameSegment } from "../../../src/remote/packed/gc/ledger.ts";
import { addPart, formatParts } from "../../../src/remote/packed/gc/ledger-part.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type FuzzTarget, holds, isNoMistake, parsed, same } from "../target.ts";

const candidates: FuzzTarget = {
  name: "candidates of gc",
  promise: "names, and times that have an age; or an Error",
  thousands: 40,
  recordings: () => {
    const names = ["pack", "segment"].map((kind) => `${kind}/${sha256Hex(kind)}`);
    const unnamed = [[1_700_000_000_000, names]];
    return [Buffer.from(JSON.stringify({ version: 2, after: names[0], unnamed }))];
  },
  words: ['"__proto__":1', '"unnamed":null', "null", "[[", '"after":"pack/~"'],
  attempt(input) {
    const found = parsed(() => parseCandidates(compressFrame(input)), isNoMistake);
    if (found === undefined) return "refused";
    holds(typeof found.after === "string", "no name to go on after");
    for (const [name, ms] of found.unnamed) {
      holds(Number.isSafeInteger(ms) && ms > 0, `seen at ${ms}`);
      holds(/^(pack|segment)\/[0-9a-f]{64}$/.test(name), `named ${name}`);
    }
    return "accepted";
  },
};

/** Two segments with packs, one without, and a record that names all. */
function smallPart(): Uint8Array {
  const ledger = new Ledger();
  const segments = [1, 2, 3].map((n) => ledger.segmentNumber([n, n, n, n, n, n, n, n]));
  const packs = [1, 2, 3, 4].map((n) => ledger.packNumber([n, n, n, n]));
  for (const segment of segments.slice(1)) ledger.addPacks(segment, packs.slice(segment));
  ledger.addRecord(
    [9, 9, 9, 9],
    segments.map((segment) => nameSegment(segment, segment === 2)),
  );
  const [part] = [...formatParts(ledger, ledger.rows())];
  return part ?? new Uint8Array();
}

const marks: FuzzTarget = {
  name: "marks of gc",
  promise: "records, segments and packs, which format to what says the same; or an Error",
  thousands: 40,
  recordings: () => [smallPart()],
  attempt(input) {
    const ledger = new Ledger();
    const isRead = parsed(() => addPart(ledger, input) === undefined, isNoMistake);
    if (isRead !== true) return "refused";
    const again = new Ledger();
    for (const part of formatParts(ledger, ledger.rows())) addPart(again, part);
    same(again.recordCount, ledger.recordCount, "records read again");
    same(again.rows().segments.length, ledger.rows().segments.length, "segments read again");
    return "accepted";
  },
};

export const COLLECTION_TARGETS: readonly FuzzTarget[] = [candidates, marks];
