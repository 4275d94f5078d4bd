import { readdirSync, renameSync } from "node:fs";
import { takeCalls } from "./failing-store.ts";
import { Machine } from "./packed-fixture.ts";
import { StockedBucket } from "./stocked-bucket.ts";

/** A bucket that one machine has filled, and two machines with empty caches. */
export async function filled(texts = ["hello"]) {
  const bucket = new StockedBucket();
  const [one, two, three] = ["m1", "m2", "m3"].map((name) => new Machine(bucket, name)) as [
    Machine,
    Machine,
    Machine,
  ];
  await one.put(texts);
  takeCalls(bucket.store);
  const dispose = () => {
    for (const part of [one, two, three, bucket]) part[Symbol.dispose]();
  };
  return { bucket, store: bucket.store, one, two, three, [Symbol.dispose]: dispose };
}

/** The messages to the user. */
export const userLines = ({ health }: Machine) =>
  health.lines.filter((line) => line.includes("remote cache") && !line.includes("bypassed: "));

/** The journals on a machine. */
export function journals(machine: Machine): string[] {
  return readdirSync(machine.dir.join("state", "packed", "journal"));
}

/** Makes the journals on a machine orphans. */
export function leftByDead(machine: Machine): void {
  const dir = machine.dir.join("state", "packed", "journal");
  for (const name of readdirSync(dir))
    renameSync(`${dir}/${name}`, `${dir}/${name.replace(/^\d+/, "999999999")}`);
}
