/** With keys to trust, modules come from signed runs alone, as builds do, though go.sum decides on each byte anyway. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatPublicKey } from "../../../src/lib/text/ed25519-text.ts";
import { appendSeal, splitParts } from "../../../src/remote/packed/format/record-parts.ts";
import { SecretKeySigner } from "../../../src/remote/packed/format/record-trust.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type Forge, isSealed, rewriteRecords } from "../trust/attacker.ts";
import { keygen } from "../trust/trusted-team.ts";
import { DATA, type ModulesState, ModuleTeam, modcacheOf, WHOLE } from "./module-team.ts";
import { NativeTeam, QUIET } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const DAY_MS = 24 * 3_600_000;
const NONE: ModulesState = { ...WHOLE, taken: new Set() };

let dir: TempDir;
let team: ModuleTeam;
let full: GoMachine;
let sign: string;
let trust: string;
let foreign: SecretKeySigner;
/** A bucket with one signed run. */
let signed: NativeTeam;

beforeAll(async () => {
  dir = tempDir("signed-modules");
  team = await ModuleTeam.open(dir.join("team"));
  full = await team.fullMachine();
  sign = `--sign-key=${dir.join("sign.key")}`;
  trust = `--trust-key=${formatPublicKey((await keygen(dir.join("sign.key"))).publicKey)}`;
  foreign = new SecretKeySigner(await keygen(dir.join("foreign.key")), DAY_MS);
  signed = new NativeTeam(dir.join("signed"));
  expect(await save(signed, full, [sign])).toMatchObject(QUIET);
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function save({ flags }: NativeTeam, machine: GoMachine, args: string[] = []) {
  return await team.command(machine, ["save", ...flags, ...args]);
}

/** What a new machine has after a restore without a word on stderr. */
async function restored({ flags }: NativeTeam, args: string[] = []): Promise<ModulesState> {
  const machine = team.bareMachine();
  expect(await team.command(machine, ["restore", ...flags, ...args])).toMatchObject(QUIET);
  return team.check(machine);
}

test("what is signed is restored, with the key and without", async () => {
  expect(signed.objects("run").map(isSealed)).toEqual([true]);
  expect([await restored(signed, [trust]), await restored(signed)]).toEqual([WHOLE, WHOLE]);
});

test("nothing is restored of a run that is not signed; without keys it is", async () => {
  const plain = new NativeTeam(dir.join("plain"));
  await save(plain, full);
  expect([await restored(plain, [trust]), await restored(plain)]).toEqual([NONE, WHOLE]);
});

test.each<[string, Forge]>([
  ["without its signature", ({ forged }) => forged],
  [
    "changed under its signature",
    ({ forged, original }) => {
      const { seal } = splitParts(original);
      return seal === undefined ? forged : appendSeal(forged, seal);
    },
  ],
  ["signed by somebody else", ({ key, forged }) => foreign.sign(key, forged)],
])("nothing is restored of a record %s; without keys it is", async (name, forge) => {
  const forged = new NativeTeam(dir.join(name.replaceAll(" ", "-")));
  cpSync(signed.bucket, forged.bucket, { recursive: true });
  // Other segments, with the same entries but for their times.
  await rewriteRecords(forged, (entry) => ({ ...entry, putTimeMs: entry.putTimeMs - DAY_MS }), forge);
  expect([await restored(forged, [trust]), await restored(forged)]).toEqual([NONE, WHOLE]);
});

test("beside the signed part of a run, one that is not adds nothing", async () => {
  const both = new NativeTeam(dir.join("both"));
  const poor = await team.fullMachine();
  rmSync(join(modcacheOf(poor), DATA), { recursive: true });
  await save(both, poor, [sign]);
  await save(both, full);
  const taken = WHOLE.taken.difference(new Set([DATA]));
  expect([await restored(both, [trust]), await restored(both)]).toEqual([{ ...WHOLE, taken }, WHOLE]);
});

test("whoever brought a module, a run that signs vouches for it: it is what the checkout's go.sum says", async () => {
  const plain = new NativeTeam(dir.join("brought"));
  await save(plain, full);
  const machine = team.bareMachine();
  expect(await team.command(machine, ["restore", ...plain.flags])).toMatchObject(QUIET);
  const own = new NativeTeam(dir.join("vouched"));
  expect(await save(own, machine, [sign])).toMatchObject(QUIET);
  expect(await restored(own, [trust])).toEqual(WHOLE);
});
