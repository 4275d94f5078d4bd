import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { takeCalls } from "../failing-store.ts";
import { Machine } from "../packed-fixture.ts";
import { StockedBucket } from "../stocked-bucket.ts";

/** A bucket, a machine with an empty cache, and its restorer. */
export function openRestorer(options: Parameters<Machine["restorer"]>[0] = {}) {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  return { bucket, machine, ...machine.restorer(options), [Symbol.dispose]: dispose };
}

export type Opened = ReturnType<typeof openRestorer>;

/** Uploads a pack of these outputs. */
export async function pack({ bucket }: Opened, ...texts: string[]): Promise<[PackedEntry, ...PackedEntry[]]> {
  const entries = (await bucket.pack(texts)) as [PackedEntry, ...PackedEntry[]];
  takeCalls(bucket.store);
  return entries;
}

/** The texts of these outputs on the machine's disk. */
export async function texts({ machine }: Opened, entries: PackedEntry[]): Promise<(string | undefined)[]> {
  return await Promise.all(entries.map(({ outputId }) => machine.text(outputId)));
}
