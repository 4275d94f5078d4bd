/** With trusted keys, an attacker with write access to the bucket but no key gets nothing into a binary. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { appendSeal, formatParts, splitParts } from "../../../src/remote/packed/format/record-parts.ts";
import { SecretKeySigner } from "../../../src/remote/packed/format/record-trust.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { Attacker, allEntries, type Forge, isSealed } from "./attacker.ts";
import { buildAndRun, EVIL, GOOD, keygen, TrustedTeam } from "./trusted-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const DAY_MS = 24 * 3_600_000;

let base: TempDir;
let original: TrustedTeam;
let prepared: Attacker;
let evilBytes: Uint8Array;
let dir: TempDir;
let team: TrustedTeam;
let attacker: Attacker;

beforeAll(async () => {
  base = tempDir("trust");
  original = await TrustedTeam.open(base.path);
  const signer = original.signer();
  expect(await buildAndRun(signer, original.good)).toEqual({
    exitCode: 0,
    says: GOOD,
    compiles: 2,
    helper: [],
  });
  // The attacker's own build uploads the pack with the other output to the same bucket.
  const other = original.anybody(["--project=example.com/attacker"]);
  expect((await buildAndRun(other, original.evil)).says).toBe(EVIL);
  const [evilId = ""] = original.libraryIds(other, EVIL);
  const evil = allEntries(original).find(({ outputId }) => outputId === evilId);
  if (evil === undefined) throw new Error("the other output is in no record");
  evilBytes = readFileSync(join(other.cacheDir, "output", evilId.slice(0, 2), evilId));
  prepared = new Attacker(original, original.libraryIds(signer, GOOD), evil);
});
afterAll(() => base[Symbol.dispose]());
beforeEach(() => {
  dir = tempDir("trust-fork");
  team = original.fork(dir.path);
  attacker = prepared.at(team);
});
afterEach(() => dir[Symbol.dispose]());

test("without forged records, a reader compiles nothing, and zstd reads the records", async () => {
  expect(await buildAndRun(team.reader(), team.good)).toEqual(FETCHED);
  const signed = ["run", "head", "new"].flatMap((kind) => team.objects(kind)).filter(isSealed);
  expect(signed.length).toBe(3);
  for (const path of signed) {
    const { stdout, exitCode } = await run(["zstd", "-dcq", path]);
    expect([exitCode, JSON.parse(stdout).version]).toEqual([0, 2]);
  }
});

test("without trusted keys, a forged record gets into the binary, so the next tests prove something", async () => {
  expect(await attacker.rewrite(({ forged }) => forged)).toBeGreaterThan(2);
  expect((await buildAndRun(team.anybody(), team.good)).says).toBe(EVIL);
});

describe("with trusted keys, nothing is used of a record", () => {
  const forges: Record<string, (key: SecretKeySigner, own: SecretKeySigner) => Forge> = {
    "without a signature":
      () =>
      ({ forged }) =>
        forged,
    "with the signature of what it was":
      () =>
      ({ forged, original }) => {
        const { seal } = splitParts(original);
        return seal === undefined ? forged : appendSeal(forged, seal);
      },
    "that is the signed one, with other segments":
      () =>
      ({ forged, original }) => {
        const { frame, seal } = splitParts(original);
        const other = formatParts(frame, splitParts(forged).segmentFrames);
        return seal === undefined ? other : appendSeal(other, seal);
      },
    "signed by somebody else":
      (_, own) =>
      ({ key, forged }) =>
        own.sign(key, forged),
    "signed by somebody else in the name of the trusted one":
      (_, own) =>
      ({ key, forged, original }) => {
        const ownSeal = splitParts(own.sign(key, forged)).seal;
        const { seal } = splitParts(original);
        return ownSeal === undefined || seal === undefined
          ? forged
          : appendSeal(forged, { ...ownSeal, key: seal.key });
      },
    "that was once signed, for another place":
      (key) =>
      ({ forged }) =>
        key.sign("pr/packed/v1/run/x.json.zst", forged),
    "with a second signature after the first":
      (key, own) =>
      ({ key: at, forged }) =>
        own.sign(at, key.sign("elsewhere", forged)),
  };
  for (const [what, forgeWith] of Object.entries(forges)) {
    test(what, async () => {
      const own = new SecretKeySigner(await keygen(dir.join("attacker.key")), DAY_MS);
      await attacker.rewrite(forgeWith(new SecretKeySigner(team.key, DAY_MS), own));
      await expectGood();
    });
  }

  test("that was signed, and has expired", async () => {
    const old = new SecretKeySigner(team.key, DAY_MS, () => Date.now() - DAY_MS);
    await attacker.rewrite(({ key, forged, original }) => old.sign(originalKey(key, original), forged));
    await expectGood();
    // The same record is used while its signature is valid.
    const now = new SecretKeySigner(team.key, DAY_MS);
    await attacker.rewrite(({ key, forged, original }) => now.sign(originalKey(key, original), forged));
    expect((await buildAndRun(team.reader(), team.good)).says).toBe(EVIL);
  });

  test("that was signed for another project, branch or job and copied over", async () => {
    const signer = new SecretKeySigner(team.key, DAY_MS);
    const moved = (key: string) => key.replace("example.com%2Ftarget", "example.com%2Fother");
    await attacker.rewrite(({ key, forged, original }) =>
      signer.sign(moved(originalKey(key, original)), forged),
    );
    await expectGood();
  });
});

test("a signer that meets forged records signs what it compiles itself, and nothing else", async () => {
  await attacker.rewrite(({ forged }) => forged);
  expect(await buildAndRun(team.signer(), team.good)).toEqual(COMPILED);
  expect(await buildAndRun(team.reader(), team.good)).toEqual(FETCHED);
});

test("packs with other bytes are not used", async () => {
  for (const path of team.objects("pack")) {
    writeFileSync(
      path,
      readFileSync(path).map((byte) => byte ^ 1),
    );
  }
  const { helper, ...built } = await buildAndRun(team.reader(), team.good);
  expect(built).toEqual({ exitCode: 0, says: GOOD, compiles: 2 });
  expect(helper.join("\n")).toContain("wrong bytes, not used");
});

test("the attacker's objects in the split layout are not read, unless a flag allows it", async () => {
  const { outputId } = attacker.evil;
  put(join("output", outputId.slice(0, 2), outputId), evilBytes);
  for (const actionId of attacker.actionIds) {
    put(join("action", actionId.slice(0, 2), actionId), `${outputId} 1700000000000000000`);
  }
  for (const kind of ["run", "head", "new"]) for (const path of team.objects(kind)) writeFileSync(path, "");
  const split = await buildAndRun(team.reader(["--layout=split"]), team.good);
  expect(split).toEqual({ ...COMPILED, helper: [expect.stringContaining("--trust-split")] });
  expect(await buildAndRun(team.reader(["--layout=both"]), team.good)).toEqual(COMPILED);
  const allowed = await buildAndRun(team.reader(["--layout=both", "--trust-split"]), team.good);
  expect(allowed.says).toBe(EVIL);
});

const COMPILED = { exitCode: 0, says: GOOD, compiles: 2, helper: [] };
const FETCHED = { exitCode: 0, says: GOOD, compiles: 0, helper: [] };

function put(key: string, content: string | Uint8Array): void {
  const path = join(team.bucket, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Expects that a machine without any entry of the program compiles all of it. */
async function expectGood(): Promise<void> {
  expect(await buildAndRun(team.reader(), team.good)).toEqual(COMPILED);
}

/** A head has the signature of the record that it is a copy of. */
function originalKey(key: string, original: Uint8Array<ArrayBuffer>): string {
  const about = JSON.parse(Buffer.from(Bun.zstdDecompressSync(splitParts(original).frame)).toString()).about;
  return typeof about.key === "string" ? about.key : key;
}
