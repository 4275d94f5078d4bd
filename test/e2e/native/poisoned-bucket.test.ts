/** A bucket that somebody has altered: nothing wrong gets into go's own cache, and nothing beside it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatPublicKey, type SecretKey } from "../../../src/lib/text/ed25519-text.ts";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { appendSeal, splitParts } from "../../../src/remote/packed/format/record-parts.ts";
import { SecretKeySigner } from "../../../src/remote/packed/format/record-trust.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { libraryModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { allEntries, type Forge, isSealed, rewriteRecords } from "../trust/attacker.ts";
import { keygen } from "../trust/trusted-team.ts";
import { checkGoCache, NativeTeam, SOUND, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const DAY_MS = 24 * 3_600_000;

let dir: TempDir;
let stock: NativeTeam;
let project: string;
let all: number;
let key: SecretKey;

/** What its bucket has is signed, and in two packs. */
beforeAll(async () => {
  dir = tempDir("poisoned");
  key = await keygen(dir.join("sign.key"));
  stock = new NativeTeam(dir.join("stock"));
  project = libraryModule(dir.join("project"), "poisoned");
  const built = stock.newMachine();
  const sign = `--sign-key=${dir.join("sign.key")}`;
  await succeeded(stock.program(built, project, ["restore", sign]));
  for (const flag of ["-trimpath", "-trimpath=false"]) {
    await build(built, project, flag);
    await succeeded(stock.program(built, project, ["save", sign]));
  }
  all = checkGoCache(built.gocache).entries;
  expect(stock.objects("pack")).toHaveLength(2);
  expect(stock.objects("run").every(isSealed)).toBe(true);
});
afterAll(() => dir[Symbol.dispose]());

async function build(machine: GoMachine, cwd: string, flag: string): Promise<void> {
  await succeeded(go(machine, ["build", flag, "./..."], { cwd }));
}

let forks = 0;

/** A team with a copy of the bucket. */
function fork(from = stock): NativeTeam {
  const team = new NativeTeam(dir.join(`fork-${++forks}`));
  cpSync(from.bucket, team.bucket, { recursive: true });
  return team;
}

/** Restores to a new machine, and expects a sound cache, at most one line, and no file elsewhere. */
async function restore(team: NativeTeam, args: string[] = []) {
  const home = team.newHome();
  const machine = { ...team.newMachine(), gocache: join(home, "gocache") };
  const before = filesBelow(dir.path);
  const { exitCode, stderr } = await team.program(machine, project, ["restore", ...args]);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^(?:go-cache-plugin: .*\n)?$/)]);
  const inside = new Set(filesBelow(machine.gocache).map((name) => join(machine.gocache, name)));
  const all = filesBelow(dir.path).filter((name) => !inside.has(dir.join(name)));
  expect(all).toEqual(before);
  const state = checkGoCache(machine.gocache);
  expect(state).toEqual(SOUND);
  const names = filesBelow(machine.gocache).filter((name) => !name.startsWith("go-cache-plugin/"));
  return { ...state, names, stderr, gocache: machine.gocache };
}

test("unaltered, it gives all", async () => {
  expect(await restore(stock)).toMatchObject({ entries: all, stderr: "" });
});

test.each([0, 0.3, 0.6, 0.9])(
  "with one byte of each pack flipped, at %d of it, the rest is restored",
  async (share) => {
    const team = fork();
    for (const path of team.objects("pack")) {
      const bytes = readFileSync(path);
      const at = Math.floor(share * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 0x20;
      writeFileSync(path, bytes);
    }
    const { entries, stderr } = await restore(team);
    expect(entries).toBeLessThan(all);
    expect(stderr).toContain("wrong bytes, not used: output ");
  },
);

describe("records that", () => {
  const FOREIGN = "f".repeat(64);
  const place = (entry: PackedEntry, change: object) =>
    entry.place === undefined ? entry : { ...entry, place: { ...entry.place, ...change } };

  test.each<[string, (entry: PackedEntry) => PackedEntry]>([
    ["name other outputs", (entry) => ({ ...entry, outputId: FOREIGN })],
    ["name a size that is too small", (entry) => ({ ...entry, sizeBytes: Math.max(0, entry.sizeBytes - 1) })],
    ["name a size that is too large", (entry) => ({ ...entry, sizeBytes: entry.sizeBytes + 1 })],
    ["name a size beyond every disk", (entry) => ({ ...entry, sizeBytes: 2 ** 47 })],
    ["name no bytes", (entry) => ({ ...entry, sizeBytes: 0, place: undefined })],
    ["name another place", (entry) => place(entry, { offset: (entry.place?.offset ?? 0) + 1 })],
    ["name a part of the bytes", (entry) => place(entry, { length: 5 })],
    [
      "name a pack elsewhere",
      (entry) => place(entry, { pack: { id: FOREIGN, sizeBytes: 1 << 20, prefix: "elsewhere/" } }),
    ],
  ])("%s put nothing wrong into the cache", async (_, change) => {
    const team = fork();
    await rewriteRecords(team, change);
    const { entries, names } = await restore(team);
    expect(entries).toBeLessThan(all);
    expect(names.filter((name) => name.includes(FOREIGN))).toEqual([]);
  });

  test("give programs proper names give folders with that file", async () => {
    const team = fork();
    await rewriteRecords(team, (entry) => ({ ...entry, executable: "tool.exe" }));
    const { entries, names } = await restore(team);
    expect(entries).toBe(all);
    expect(names.filter((name) => /-d[/]tool[.]exe$/.test(name)).length).toBeGreaterThan(0);
  });

  test("give programs names that lead elsewhere, or that no system has, put none of them anywhere", async () => {
    const names = [
      "..",
      "",
      ".",
      "../../evil",
      dir.join("evil-file"),
      "a/b",
      "a\\b",
      "a:b",
      "a\u0000b",
      "CON",
      "nul.exe",
    ];
    const odd = ["evil.", "evil ", "\ud800", "x".repeat(256), "*"];
    const team = fork();
    let next = 0;
    const nameOf = () => [...names, ...odd][next++ % (names.length + odd.length)] ?? "";
    const given = new Map<string, string>();
    await rewriteRecords(team, (entry) => {
      const executable = given.get(entry.actionId) ?? nameOf();
      given.set(entry.actionId, executable);
      return { ...entry, executable };
    });
    expect(given.size).toBeGreaterThanOrEqual(12);
    expect(await restore(team)).toMatchObject({ entries: 0, names: [] });
  });
});

describe("with keys to trust", () => {
  let poisoned: NativeTeam;
  let evil: PackedEntry;
  let good: Set<string>;

  /** The attacker's own build is in the bucket, too. */
  beforeAll(async () => {
    poisoned = fork();
    good = new Set(
      allEntries(poisoned).flatMap(({ outputId, sizeBytes }) => (sizeBytes > 0 ? [outputId] : [])),
    );
    const own = libraryModule(dir.join("evil"), "poisoned");
    writeFileSync(
      join(own, "one", "one.go"),
      "package one\n\n// One is evil.\nfunc One() int { return 666 }\n",
    );
    const machine = poisoned.newMachine();
    await build(machine, own, "-trimpath");
    await succeeded(poisoned.program(machine, own, ["save", "--project=example.com/attacker"]));
    const found = allEntries(poisoned).find(
      ({ outputId, sizeBytes }) => sizeBytes > 0 && !good.has(outputId),
    );
    if (found === undefined) throw new Error("the attacker's output is in no record");
    evil = found;
  });

  async function poison(forge: Forge): Promise<NativeTeam> {
    const team = fork(poisoned);
    const { outputId, sizeBytes, place } = evil;
    const swap = (entry: PackedEntry) =>
      good.has(entry.outputId) ? { ...entry, outputId, sizeBytes, place } : entry;
    await rewriteRecords(team, swap, forge);
    return team;
  }

  const hasEvil = ({ names }: { names: string[] }) => names.some((name) => name.includes(evil.outputId));
  const trust = () => `--trust-key=${formatPublicKey(key.publicKey)}`;

  test("what is signed is restored", async () => {
    expect(await restore(poisoned, [trust()])).toMatchObject({ entries: all, stderr: "" });
  });

  test("without them a forged record counts, so the next tests prove something", async () => {
    expect(hasEvil(await restore(await poison(({ forged }) => forged)))).toBe(true);
  });

  test.each<[string, (own: SecretKeySigner) => Forge]>([
    [
      "without a signature",
      () =>
        ({ forged }) =>
          forged,
    ],
    [
      "with the signature of what it was",
      () =>
        ({ forged, original }) => {
          const { seal } = splitParts(original);
          return seal === undefined ? forged : appendSeal(forged, seal);
        },
    ],
    [
      "signed by somebody else",
      (own) =>
        ({ key: at, forged }) =>
          own.sign(at, forged),
    ],
  ])("nothing is restored of a record %s", async (_, forgeWith) => {
    const own = new SecretKeySigner(await keygen(dir.join(`own-${++forks}.key`)), DAY_MS);
    const restored = await restore(await poison(forgeWith(own)), [trust()]);
    expect([restored.entries, hasEvil(restored)]).toEqual([0, false]);
  });
});
