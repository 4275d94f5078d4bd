import { describeError } from "../../lib/describe-error.ts";
import { mapAhead } from "../../lib/map-ahead.ts";
import { isAccessDenied } from "../../store/store-failure.ts";
import type { CheckOptions } from "../finding.ts";
import { FrameCheck } from "./frame-check.ts";
import type { PackClaims, PackClaimTable } from "./pack-claims.ts";
import type { PackedBucket, StoredPack } from "./packed-bucket.ts";

/** Packs read at once. */
const PARALLEL_PACKS = 4;
/** A connection may break. */
const ATTEMPTS = 3;

/** What was found out about one pack. */
interface Verdict {
  pack: StoredPack;
  frames: number;
  /** `undefined`: nothing. */
  problem: string | undefined;
  /** Whether it is certain that the pack itself is wrong, not only the way to it. */
  isCertain: boolean;
}

/** Checks the packs that the table covers against their names and against the claims; removes the wrong ones. */
export async function* checkPacks(
  bucket: PackedBucket,
  table: PackClaimTable,
  { isRepairing, onFinding }: CheckOptions,
): AsyncGenerator<Verdict, void, void> {
  const verdicts = mapAhead(coveredPacks(bucket, table), PARALLEL_PACKS, ({ pack, claims }) =>
    judge(bucket, pack, claims),
  );
  for await (const verdict of verdicts) {
    const { pack, problem, isCertain } = verdict;
    if (problem !== undefined) {
      const key = bucket.keys.pack(pack.id);
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
      return { pack, frames, problem: await findProblem(bucket, pack, claims), isCertain: true };
    } catch (error) {
      if (error instanceof Error && isAccessDenied(error.cause)) throw error;
      if (attempt < ATTEMPTS) continue;
      return { pack, frames, problem: `it can't be read: ${describeError(error)}`, isCertain: false };
    }
  }
}

async function findProblem(
  bucket: PackedBucket,
  { id, sizeBytes }: StoredPack,
  claims: PackClaims | undefined,
): Promise<string | undefined> {
  const hash = new Bun.CryptoHasher("sha256");
  const frames = new FrameCheck(claims?.byOffset.values() ?? []);
  const isThere = await bucket.stream(bucket.keys.pack(id), async (chunk) => {
    hash.update(chunk);
    await frames.write(chunk);
  });
  const frameProblem = await frames.finish();
  // Removed since it was listed.
  if (!isThere) return undefined;
  const sha256 = hash.digest("hex");
  if (sha256 !== id) return `its bytes have the SHA-256 ${sha256}`;
  if (claims !== undefined && claims.sizeBytes !== sizeBytes)
    return `a record says it has ${claims.sizeBytes} bytes`;
  return frameProblem ?? (claims?.isDisputed === true ? "records disagree about what is in it" : undefined);
}
