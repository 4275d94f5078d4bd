/** The shared record of a bucket whose records are signed. */
import { expect, test } from "bun:test";
import { isAccepted, type RecordTrust } from "../../../../src/remote/packed/format/record-trust.ts";
import { DAY_MS, PLATFORM } from "../stocked-bucket.ts";
import { makeKey, trustOf } from "../trust-fixture.ts";
import { START_MS, World } from "./world.ts";

const KEY = makeKey();
let nowMs = START_MS;
const TRUST = trustOf(KEY, () => nowMs);

/** A bucket in which two projects share an entry. `isSigned`: whether their records are. */
async function stocked(isSigned: boolean): Promise<World> {
  const world = new World();
  nowMs = START_MS;
  const entries = await world.pack(["std"]);
  for (const project of ["a", "b"]) {
    const key = await world.run({ entries }, { project, hasEnded: true });
    const bytes = world.store.bytesAt(key) as Uint8Array<ArrayBuffer>;
    if (isSigned) await world.put(key, TRUST.signer.sign(key, bytes));
  }
  return world;
}

function sharedIn(world: World): Uint8Array<ArrayBuffer> | undefined {
  return world.store.bytesAt(world.keys.shared(PLATFORM));
}

function isTrusted(world: World): boolean {
  return isAccepted(TRUST.check, world.keys.shared(PLATFORM), sharedIn(world) ?? new Uint8Array());
}

test("records that nobody signed count for nothing", async () => {
  const world = await stocked(false);
  expect((await world.collect({ trust: TRUST })).shared).toEqual([]);
  expect((await world.collect()).shared).toEqual([{ platform: PLATFORM, entries: 1 }]);
});

test("a collection with the key replaces an unsigned record at once", async () => {
  const world = await stocked(true);
  await world.collect();
  expect(isTrusted(world)).toBe(false);
  await world.collect({ trust: TRUST });
  expect(isTrusted(world)).toBe(true);
});

test.each([[undefined], [{ check: TRUST.check, signer: undefined } satisfies RecordTrust]])(
  "a collection without the key keeps a signed record, even after a week",
  async (trust) => {
    const world = await stocked(true);
    await world.collect({ trust: { check: TRUST.check, signer: longSigner() } });
    const before = sharedIn(world);
    expect(before).toBeDefined();
    world.nowMs += 8 * DAY_MS;
    await world.collect(trust && { trust });
    expect(sharedIn(world)).toEqual(before as Uint8Array<ArrayBuffer>);
  },
);

/** Its signatures are valid for a month. */
function longSigner() {
  const { signer } = trustOf(KEY, () => nowMs + 30 * DAY_MS);
  return { validMs: 30 * DAY_MS, sign: signer.sign.bind(signer) };
}

test("a signature is renewed when half of its time has passed", async () => {
  const world = await stocked(true);
  await world.collect({ trust: TRUST });
  const first = sharedIn(world);
  world.nowMs = nowMs += 0.4 * DAY_MS;
  expect((await world.collect({ trust: TRUST })).shared).toEqual([]);
  expect(sharedIn(world)).toEqual(first as Uint8Array<ArrayBuffer>);
  world.nowMs = nowMs += 0.2 * DAY_MS;
  await world.collect({ trust: TRUST });
  expect(sharedIn(world)).not.toEqual(first as Uint8Array<ArrayBuffer>);
  expect(isTrusted(world)).toBe(true);
});
