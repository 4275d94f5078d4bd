import { mapAhead } from "../../../../lib/async/map-ahead.ts";
import { describeError } from "../../../../lib/text/describe-error.ts";
import type { CheckOptions } from "../../../../store/finding.ts";
import { isAccessDenied } from "../../../../store/store-failure.ts";
import type { PackedBucket, StoredPack } from "../packed-bucket.ts";
import { FrameCheck } from "./frame-check.ts";
import type { PackClaims, PackClaimTable } from "./pack-claims.ts";
import { SoundPack } from "./sound-pack.ts";

/** Packs read at once. */
const PARALLEL_PACKS = 4;
/** Retries cover broken connections. */
const ATTEMPTS = 3;

/** The result of checking one pack. */
interface Verdict {
  pack: StoredPack;
  frames: number;
  /** The fault of the pack itself; `undefined`: none. */
  problem: string | undefined;
  /** Whether `problem` is proven; `false` after a failed request. */
  isCertain: boolean;
  /** Set if the pack is sound but some record's claim on it is wrong or unchecked. */
  sound: SoundPack | undefined;
}

/** Checks the packs that the table covers: their names, then the records' claims on them. Removes damaged packs. */
export async function* checkPacks(
  bucket: PackedBucket,
  table: PackClaimTable,
  { isRepairing, onFinding }: CheckOptions,
): AsyncGenerator<Verdict, void, void> {
  const verdicts = mapAhead(coveredPacks(bucket, table), PARALLEL_PACKS, ({ pack, claims }) =>
    judge(bucket, pack, claims),
  );
  for await (const verdict of verdicts) {
    const { pack, problem, isCertain, sound } = verdict;
    const key = bucket.keys.pack(pack.id);
    if (sound?.doubt !== undefined) onFinding({ where: key, what: sound.doubt, isRemoved: false });
    if (problem !== undefined) {
      const isRemoved = isRepairing && isCertain;
      if (isRemoved) await bucket.delete(key);
      onFinding({ where: key, what: problem, isRemoved });
    }
    yield verdict;
  }
}

async function* coveredPacks(bucket: PackedBucket, table: PackClaimTable) {
  for await (const { packs } of bucket.listPacks()) {
    for (const pack of packs) if (table.covers(pack.id)) yield { pack, claims: table.take(pack.id) };
  }
}

async function judge(
  bucket: PackedBucket,
  pack: StoredPack,
  claims: PackClaims | undefined,
): Promise<Verdict> {
  const frames = claims?.byOffset.size ?? 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return { pack, frames, isCertain: true, ...(await examine(bucket, pack, claims)) };
    } catch (error) {
      if (error instanceof Error && isAccessDenied(error.cause)) throw error;
      if (attempt < ATTEMPTS) continue;
      const problem = `it can't be read: ${describeError(error)}`;
      return { pack, frames, problem, isCertain: false, sound: undefined };
    }
  }
}

async function examine(
  bucket: PackedBucket,
  pack: StoredPack,
  claims: PackClaims | undefined,
): Promise<Pick<Verdict, "problem" | "sound">> {
  const hash = new Bun.CryptoHasher("sha256");
  const frames = new FrameCheck(claims?.byOffset.values() ?? []);
  const isThere = await bucket.stream(bucket.keys.pack(pack.id), async (chunk) => {
    hash.update(chunk);
    await frames.write(chunk);
  });
  const faults = await frames.finish();
  // The pack was removed after the listing.
  if (!isThere) return FINE;
  const sha256 = hash.digest("hex");
  if (sha256 !== pack.id) return { problem: `its bytes have the SHA-256 ${sha256}`, sound: undefined };
  const sound = claims && new SoundPack(pack, claims, faults);
  return sound === undefined || sound.isAsClaimed ? FINE : { problem: undefined, sound };
}

const FINE = { problem: undefined, sound: undefined };
