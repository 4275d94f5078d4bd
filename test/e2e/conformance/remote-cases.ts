import { expect } from "bun:test";
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { type Fault, htmlPage, s3Error } from "../../support/faults.ts";
import { hexOf, idOf } from "../../support/ids.ts";
import { plainEnv } from "../../support/process.ts";
import { s3Client } from "../../support/s3-objects.ts";
import { type Case, entryFiles, expectCleanEnd, type Setup } from "./case.ts";
import { A0, AF, hit, miss, OH, seen } from "./messages.ts";

const SEED_BUCKET = join(import.meta.dir, "../../fixtures/seed-bucket");
/** The put time of the fixture's entries, in both of its forms. */
const SEED_TIME = "2023-11-14T22:13:20.000Z";
const RECORD = `${hexOf(OH)} 1700000000000000000`;

const OUTPUT_KEY = `output/2c/${hexOf(OH)}`;

interface RemoteTrouble {
  what: string;
  /** Objects that replace a good entry for `hello`. */
  record?: string;
  output?: string;
  /** The fault of requests with `at` in their path. */
  at?: string;
  fault?: Fault;
  /** How long the helper waits for an answer. */
  timeout?: string;
}

const TROUBLES: RemoteTrouble[] = [
  { what: "a record is refused with 403", at: "/action/", fault: s3Error(403) },
  { what: "a record is refused with 500", at: "/action/", fault: s3Error(500) },
  { what: "a record is refused with 503", at: "/action/", fault: s3Error(503) },
  { what: "a record never comes", at: "/action/", fault: { kind: "hang" }, timeout: "1s" },
  { what: "the connection is reset", at: "/action/", fault: { kind: "reset" } },
  { what: "a record is a web page", at: "/action/", fault: htmlPage() },
  { what: "a record is not a record", record: "x" },
  { what: "a record is empty", record: "" },
  { what: "a record has three fields", record: `${RECORD} 5` },
  { what: "a record leads out of the bucket", record: "../../../etc/passwd 1700000000000000000" },
  { what: "a record's time is no time", record: `${hexOf(OH)} yesterday` },
  { what: "an output is refused with 404", at: "/output/", fault: s3Error(404) },
  { what: "an output is refused with 403", at: "/output/", fault: s3Error(403) },
  { what: "an output is a web page", at: "/output/", fault: htmlPage() },
  { what: "an output never comes", at: "/output/", fault: { kind: "hang" }, timeout: "1s" },
  {
    what: "an output hangs",
    at: "/output/",
    fault: { kind: "hang-in-body", afterBytes: 2 },
    timeout: "1s",
  },
  // A body that is torn after some bytes is resumed from there, and may become whole.
  { what: "an output is torn", at: "/output/", fault: { kind: "reset-in-body", afterBytes: 0 } },
  {
    what: "an output is truncated and its length promised all",
    at: "/output/",
    fault: { kind: "truncate", afterBytes: 0, promised: "all" },
  },
  ...(["what-comes", "nothing"] as const).map((promised) => ({
    what: `an output is truncated and its length promised ${promised}`,
    at: "/output/",
    fault: { kind: "truncate", afterBytes: 2, promised } as const,
  })),
  { what: "an output has one wrong byte", at: "/output/", fault: { kind: "flip", atByte: 1 } },
  { what: "an output has the wrong bytes in the bucket", output: "jello" },
];

/** Cases of the remote's contents and faults. */
export const REMOTE_CASES: Case[] = [
  ...TROUBLES.map(
    (trouble, index): Case => ({
      behaves: `misses, and stores nothing, when ${trouble.what}`,
      run: (setup) => expectMiss(setup, trouble, `trouble-${index}`),
    }),
  ),
  {
    behaves: "misses, and stores nothing, when the bucket has no such record",
    async run(setup) {
      await using client = await setup.start(remote(setup, "nothing-here"));
      expect(await client.get(A0)).toEqual(miss(1));
      await expectCleanEnd(client);
      expect(entryFiles(setup.cacheDir)).toEqual([]);
    },
  },
  {
    behaves: "answers a fast get while a slow one waits, and the slow one when its response arrives",
    async run(setup) {
      await uploadEntry(setup, "slow", {});
      await using proxy = await FaultProxy.start({ target: setup.s3.endpoint });
      const delay = Promise.withResolvers<void>();
      proxy.fail(({ path }) => path.includes(hexOf(AF)), { kind: "delay", until: delay.promise });
      await using client = await setup.start(remote(setup, "slow", proxy));
      const slow = client.get(AF);
      expect(seen(await client.get(A0))).toEqual(hit(2, "hello", SEED_TIME));
      delay.resolve();
      expect(await slow).toEqual(miss(1));
      expect(client.answers.map((answer) => answer.ID)).toEqual([0, 2, 1]);
    },
  },
  {
    behaves: "hits in a bucket that tailscale/go-cache-plugin filled",
    async run(setup) {
      const bucket = s3Client(setup.s3);
      for (const name of readdirSync(SEED_BUCKET, { recursive: true, encoding: "utf8" })) {
        const path = join(SEED_BUCKET, name);
        if (statSync(path).isFile()) await bucket.write(`seed/${name}`, readFileSync(path));
      }
      await using client = await setup.start(remote(setup, "seed"));
      await expectSeedHits(client);
    },
  },
  {
    behaves: "hits in a directory with the layout of tailscale/go-cache-plugin's bucket",
    async run({ dir, start }) {
      cpSync(SEED_BUCKET, dir.join("bucket"), { recursive: true });
      await using client = await start({ args: [`--bucket=file://${dir.join("bucket")}`, "--layout=split"] });
      await expectSeedHits(client);
    },
  },
  {
    behaves: "writes objects that tailscale/go-cache-plugin can read",
    async run(setup) {
      const bucket = s3Client(setup.s3);
      await using client = await setup.start(remote(setup, "ours"));
      const beforeMs = Date.now();
      await client.put(A0, Buffer.from("hello"));
      await expectCleanEnd(client);
      expect(await bucket.file(`ours/${OUTPUT_KEY}`).text()).toBe("hello");
      const record = await bucket.file(`ours/action/00/${"00".repeat(32)}`).text();
      expect(record).toMatch(/^[0-9a-f]{64} \d{19}$/);
      const [outputId, nanoseconds] = record.split(" ");
      expect(outputId).toBe(hexOf(OH));
      const putMs = Number(BigInt(nanoseconds ?? 0) / 1_000_000n);
      expect([putMs >= beforeMs, putMs <= Date.now()]).toEqual([true, true]);
    },
  },
];

async function expectSeedHits(client: Awaited<ReturnType<Setup["start"]>>): Promise<void> {
  expect(seen(await client.get(A0))).toEqual(hit(1, "hello", SEED_TIME));
  expect(seen(await client.get(idOf("empty")))).toEqual(hit(2, "", SEED_TIME));
  // Local entries keep the time of the put.
  expect(seen(await client.get(A0))).toEqual(hit(3, "hello", SEED_TIME));
  await expectCleanEnd(client);
}

async function expectMiss(setup: Setup, trouble: RemoteTrouble, prefix: string): Promise<void> {
  await uploadEntry(setup, prefix, trouble);
  await using proxy = await FaultProxy.start({ target: setup.s3.endpoint });
  const { at, fault } = trouble;
  if (at !== undefined && fault !== undefined) proxy.fail(({ path }) => path.includes(at), fault);
  await using client = await setup.start(remote(setup, prefix, proxy, trouble.timeout));
  expect(await client.get(A0)).toEqual(miss(1));
  expect(entryFiles(setup.cacheDir)).toEqual([]);
  const { exitCode, stderr } = await client.finish();
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringMatching(/^(go-cache-plugin: [^\n]+\n)?$/),
  });
}

async function uploadEntry(setup: Setup, prefix: string, entry: { record?: string; output?: string }) {
  const bucket = s3Client(setup.s3);
  await bucket.write(`${prefix}/action/00/${"00".repeat(32)}`, entry.record ?? RECORD);
  await bucket.write(`${prefix}/${OUTPUT_KEY}`, entry.output ?? "hello");
}

function remote(setup: Setup, prefix: string, proxy?: FaultProxy, timeout = "3600s") {
  const flags = s3Flags(setup.s3, { prefix, endpoint: proxy?.endpoint ?? setup.s3.endpoint });
  return { args: [...flags, `--remote-timeout=${timeout}`], env: plainEnv(setup.s3.env) };
}
