/** How much is in the bucket, and how much of it anybody needs. */
import { recordsOf } from "./checks.ts";
import { kindOf } from "./names.ts";
import { HOUR_MS } from "./scenario.ts";
import type { World } from "./world.ts";

/** Nothing younger can be collected. */
const GRACE_MS = 48 * HOUR_MS;

/** All in bytes of packs or of the frames in them. */
export interface Account {
  all: number;
  /** Packs that records name. */
  named: number;
  /** Distinct outputs that kept runs have used, and those of additions. */
  used: number;
  /** Those, and what is in packs younger than two days. */
  needed: number;
  packs: number;
  /** The most records of a job. */
  mostRecords: number;
  jobs: number;
}

export async function takeAccount(world: World): Promise<Account> {
  const { bucket, timeline } = world;
  const { used, namedPacks } = usedOutputs(world);
  const needed = new Map(used);
  const account = { all: 0, named: 0, used: sumOf(used), needed: 0, packs: 0 };
  for await (const { objects } of bucket.store.list("team/packed/v1/pack/")) {
    for (const { key, modifiedMs } of objects) {
      const id = key.slice(key.lastIndexOf("/") + 1);
      const frames = bucket.frames.get(id) ?? [];
      const bytes = frames.reduce((sum, { length }) => sum + length, 0);
      account.packs++;
      account.all += bytes;
      if (namedPacks.has(id)) account.named += bytes;
      if (timeline.nowMs - modifiedMs < GRACE_MS)
        for (const { outputId, length } of frames) needed.set(outputId, length);
    }
  }
  const counts = world.jobs.map((job) => recordsOf(world, job).length);
  return { ...account, needed: sumOf(needed), mostRecords: Math.max(0, ...counts), jobs: counts.length };
}

function usedOutputs({ bucket }: World): { used: Map<string, number>; namedPacks: Set<string> } {
  const used = new Map<string, number>();
  const namedPacks = new Set<string>();
  for (const [key, refs] of bucket.names.records) {
    const isUse = ["run", "new"].includes(kindOf(key));
    for (const ref of refs) {
      const segment = bucket.names.segments.get(ref.id);
      for (const pack of segment?.packs ?? []) namedPacks.add(pack?.id ?? "");
      const rows = ref.used?.list() ?? Array.from({ length: ref.rows }, (_, row) => row);
      for (const [, { outputId, place }] of (isUse && segment?.entries(rows)) || [])
        used.set(outputId, place?.length ?? 0);
    }
  }
  return { used, namedPacks };
}

function sumOf(lengths: ReadonlyMap<string, number>): number {
  return lengths.values().reduce((sum, length) => sum + length, 0);
}
