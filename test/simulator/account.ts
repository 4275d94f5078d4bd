/** What the bytes of the bucket are, and how much of them living jobs use. */
import { MAX_RECORD_BYTES } from "../../src/remote/packed/format/run-record.ts";
import { allRows, type Segment } from "../../src/remote/packed/format/segment.ts";
import { listedRuns } from "../../src/remote/runs/choose-runs.ts";
import type { ListedObject } from "../../src/store/object-store.ts";
import { type Frame, ROOT } from "./bucket.ts";
import { recordsOf } from "./checks.ts";
import { kindOf } from "./names.ts";
import { HOUR_MS } from "./scenario.ts";
import type { World } from "./world.ts";

/** Nothing younger can be collected. */
const GRACE_MS = 24 * HOUR_MS;
const HALF = 0.5;

/**
 * What living jobs use: each output once that a record of a run has used. A job lives for two weeks after its last run,
 * and keeps at most four complete runs and four newer ones; `runs/choose-runs.ts` says why.
 */
export interface Account {
  /** Bytes. */
  sizes: Record<Part, number>;
  allBytes: number;
  /** What the newest complete run of each living job has used alone, in bytes. */
  usedByNewest: number;
  packs: number;
  /** From how many packs the newest complete run of a job takes outputs: the mean, and the most. */
  packsOfRun: { mean: number; most: number };
  /** The most records of a job. */
  mostRecords: number;
  jobs: number;
}

export const PARTS = [
  ["used", "used by kept runs, each output once"],
  ["usedTwice", "the same outputs in further packs, from which kept runs take them as well"],
  ["spare", "the same outputs in further packs, from which none takes them"],
  ["besideMuch", "unused, in packs of which kept runs use half or more"],
  ["besideLittle", "unused, in packs of which they use less"],
  ["idle", "packs of which they use nothing, though they name them"],
  ["added", "packs that only additions and shared records name"],
  ["unnamedNew", "packs that nothing names, written in the last day"],
  ["unnamedOld", "packs that nothing names, older"],
  ["records", "records, segments, and what gc keeps"],
] as const;

type Part = (typeof PARTS)[number][0];

export async function takeAccount(world: World): Promise<Account> {
  const listed: ListedObject[] = [];
  for await (const { objects } of world.bucket.store.list(ROOT)) listed.push(...objects);
  const ofKind = Map.groupBy(listed, ({ key }) => kindOf(key));
  const packs = ofKind.get("pack") ?? [];
  const use = new Use(world, ofKind.get("run") ?? []);
  const sizes = Object.fromEntries(PARTS.map(([part]) => [part, 0])) as Record<Part, number>;
  for (const pack of packs) addPack(sizes, use, pack, world);
  for (const { key, sizeBytes } of listed) if (kindOf(key) !== "pack") sizes.records += sizeBytes;
  return {
    sizes,
    allBytes: Object.values(sizes).reduce((sum, size) => sum + size, 0),
    usedByNewest: use.newestBytes,
    packs: packs.length,
    packsOfRun: use.packsOfNewest,
    mostRecords: Math.max(0, ...world.jobs.map((job) => recordsOf(world, job).length)),
    jobs: world.jobs.length,
  };
}

function addPack(
  sizes: Record<Part, number>,
  use: Use,
  { key, modifiedMs }: ListedObject,
  { bucket, timeline }: World,
): void {
  const id = key.slice(key.lastIndexOf("/") + 1);
  const frames = bucket.frames.get(id) ?? [];
  const of = { used: 0, usedTwice: 0, spare: 0, unused: 0 };
  for (const frame of frames) of[use.partOf(id, frame)] += frame.length;
  const usedBytes = of.used + of.usedTwice;
  const allBytes = usedBytes + of.spare + of.unused;
  if (usedBytes === 0) {
    const age = timeline.nowMs - modifiedMs < GRACE_MS ? "unnamedNew" : "unnamedOld";
    sizes[NAMED_BY[use.namedBy(id) ?? "nothing"] ?? age] += allBytes;
    return;
  }
  sizes.used += of.used;
  sizes.usedTwice += of.usedTwice;
  sizes.spare += of.spare;
  sizes[usedBytes >= HALF * allBytes ? "besideMuch" : "besideLittle"] += of.unused;
}

/** Packs that nobody uses. */
const NAMED_BY: Record<string, Part> = { run: "idle", other: "added" };

/** What the records in the bucket use and name. */
class Use {
  /** Outputs that are used, and whether one of their places has been counted. */
  readonly #outputs = new Map<string, { isCounted: boolean; places: Set<string> }>();
  readonly #namedBy = new Map<string, "run" | "other">();
  /** By run record. */
  readonly #packsOfNewest = new Map<string, Set<string>>();
  newestBytes = 0;

  /** `runs`: the records of all runs, listed. */
  constructor({ bucket }: World, runs: readonly ListedObject[]) {
    const { records, segments } = bucket.names;
    const newest = newestKeys(runs);
    const byNewest = new Map<string, number>();
    for (const [key, refs] of records) {
      const kind = kindOf(key) === "run" ? "run" : "other";
      for (const ref of refs) {
        const segment = segments.get(ref.id);
        if (segment === undefined) continue;
        this.#name(segment, kind);
        if (kind === "other") continue;
        for (const [, { outputId, place }] of segment.entries(ref.used?.list() ?? allRows(segment))) {
          if (place === undefined) continue;
          const known = this.#outputs.get(outputId) ?? { isCounted: false, places: new Set() };
          known.places.add(place.pack.id);
          this.#outputs.set(outputId, known);
          if (!newest.has(key)) continue;
          byNewest.set(outputId, place.length);
          const packs = this.#packsOfNewest.get(key) ?? new Set();
          this.#packsOfNewest.set(key, packs.add(place.pack.id));
        }
      }
    }
    this.newestBytes = byNewest.values().reduce((sum, length) => sum + length, 0);
  }

  get packsOfNewest(): Account["packsOfRun"] {
    const counts = [...this.#packsOfNewest.values()].map(({ size }) => size);
    const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
    return { mean, most: Math.max(0, ...counts) };
  }

  namedBy(packId: string): "run" | "other" | undefined {
    return this.#namedBy.get(packId);
  }

  partOf(packId: string, { outputId }: Frame): "used" | "usedTwice" | "spare" | "unused" {
    const known = this.#outputs.get(outputId);
    if (known === undefined) return "unused";
    if (!known.places.has(packId)) return "spare";
    if (known.isCounted) return "usedTwice";
    known.isCounted = true;
    return "used";
  }

  #name({ packs }: Segment, kind: "run" | "other"): void {
    for (const pack of packs)
      if (pack !== undefined && this.#namedBy.get(pack.id) !== "run") this.#namedBy.set(pack.id, kind);
  }
}

/** The records of the newest complete run of each job. */
function newestKeys(runs: readonly ListedObject[]): Set<string> {
  const jobs = Map.groupBy(runs, ({ key }) => key.slice(0, key.lastIndexOf("/")));
  const newest = [...jobs.values()].map((records) =>
    listedRuns(records, MAX_RECORD_BYTES).find(({ isComplete }) => isComplete),
  );
  return new Set(newest.flatMap((run) => run?.records.map(({ key }) => key) ?? []));
}
