/** A bucket with an altered release of go, or an altered proof: nothing has a name, and go fetches its own. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseVerifier } from "../../../src/gomod/sumdb/note.ts";
import { GoModCache } from "../../../src/gomodcache/go-mod-cache.ts";
import { sumAction, treeAction } from "../../../src/gomodcache/wanted-modules.ts";
import { NEWEST_GO } from "../../support/go-toolchain.ts";
import { TestSumdb } from "../../support/modules/test-sumdb.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { modcacheOf } from "./module-team.ts";
import { modulesBucket } from "./modules-bucket.ts";
import { NativeTeam } from "./native-team.ts";
import { ANSWER, DOWNLOAD, RELEASE, ReleaseStage, TREE } from "./release-stage.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let stage: ReleaseStage;
let team: NativeTeam;
let actions: { sum: string; tree: string };
/** The outputs that `save` makes. */
let sum: Buffer;
let tree: Buffer;

beforeAll(async () => {
  dir = tempDir("poisoned-releases");
  team = new NativeTeam(dir.join("team"));
  stage = await ReleaseStage.open(dir.path);
  const first = await stage.machine(team, NEWEST_GO, { GOPROXY: stage.upstream.url });
  expect(await stage.version(first)).toBe(ANSWER);
  await readOutputs(modcacheOf(first));
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function readOutputs(modcache: string): Promise<void> {
  const release = { ...RELEASE, database: parseVerifier(stage.upstream.sumdb.key) };
  const cache = new GoModCache(modcache, [], { isWritable: false, forms: "auto", release });
  await cache.proveRelease();
  const found: [string, Buffer][] = [];
  for (const actionId of cache.present()) {
    const output = cache.findOutput((await cache.read(actionId))?.outputId ?? "");
    // A chunk counts until the next is read.
    const chunks = Array.from(output?.chunks() ?? [], (chunk) => Buffer.from(chunk));
    found.push([actionId, Buffer.concat(chunks)]);
  }
  const proof = sumAction(release);
  sum = found.find(([actionId]) => actionId === proof)?.[1] ?? Buffer.alloc(0);
  const [treeId = "", bytes = sum] = found.find(([actionId]) => actionId !== proof) ?? [];
  tree = bytes;
  actions = { sum: proof, tree: treeId };
}

/** Restores to an empty module cache, of a machine that can reach the upstream. */
async function restore(outputs: [actionId: string, bytes: Buffer][]) {
  using bucket = await modulesBucket(stage.project, outputs);
  const second = await stage.machine(team, NEWEST_GO, { GOPROXY: stage.upstream.url });
  const args = ["restore", "--only=modules", `--bucket=file://${bucket.dir.path}`];
  const { exitCode, stderr } = await team.program(second, stage.project, args);
  return { exitCode, stderr, second, modcache: modcacheOf(second) };
}

test("unaltered, both are there", async () => {
  const outcome = await restore([
    [actions.sum, sum],
    [actions.tree, tree],
  ]);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  expect(existsSync(join(outcome.modcache, TREE))).toBe(true);
});

const edited = (change: (text: string) => string) => () => {
  const text = change(sum.toString().slice(sum.indexOf("\n") + 1));
  return Buffer.from(`go module sum v1 ${Buffer.byteLength(text)}\n${text}`);
};

test.each<[string, () => Buffer]>([
  ["a hash altered", edited((text) => text.replace(/h1:.{5}/, "h1:AAAAA"))],
  ["a signature altered", edited((text) => text.replace(/.{8}=\\n",/, 'AAAAAAAA=\\n",'))],
  ["no tiles", edited((text) => text.replace(/"tiles":.*$/s, '"tiles":[]}'))],
  ["a tile altered", edited((text) => text.replace(/("tile[^"]*",")..../, "$1AAAA"))],
  [
    "another database's head",
    edited((text) =>
      text.replace(
        /go.sum database.*?",/s,
        `${JSON.stringify(new TestSumdb(stage.upstream.sumdb.name).head()).slice(1)},`,
      ),
    ),
  ],
  ["no proof", () => Buffer.from("#!/bin/sh\n".repeat(10))],
])("of a proof with %s one line says so, and go fetches the release", async (_, proof) => {
  const bytes = proof();
  expect(bytes.equals(sum)).toBe(false);
  const { exitCode, stderr, second, modcache } = await restore([
    [actions.sum, bytes],
    [actions.tree, tree],
    [treeAction(RELEASE, `h1:${"A".repeat(43)}=`), tree],
  ]);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^go-cache-plugin: not all is in .*\n$/)]);
  expect([existsSync(join(modcache, TREE)), existsSync(join(modcache, "cache/download"))]).toEqual([
    false,
    false,
  ]);
  expect(await stage.version(second)).toBe(ANSWER);
});

test("of a release with a byte altered one line says so, and go fetches it, and checks it by the proof", async () => {
  const altered = Buffer.from(tree);
  altered[altered.length - 3] = 0x21;
  const { exitCode, stderr, second, modcache } = await restore([
    [actions.sum, sum],
    [actions.tree, altered],
  ]);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^go-cache-plugin: not all is in .*\n$/)]);
  expect([existsSync(join(modcache, TREE)), existsSync(join(modcache, `${DOWNLOAD}.ziphash`))]).toEqual([
    false,
    false,
  ]);
  expect(readdirSync(join(modcache, "cache"))).toEqual(["download"]);
  const before = stage.upstream.requested.length;
  expect(await stage.version(second)).toBe(ANSWER);
  const requested = stage.upstream.requested.slice(before);
  expect(requested.filter((path) => path.startsWith("sumdb/"))).toEqual([]);
});
