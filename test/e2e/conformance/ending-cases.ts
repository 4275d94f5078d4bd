import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, s3Flags } from "../../support/binary.ts";
import type { CacheprogClient } from "../../support/cacheprog-client.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { hexOf, idOf } from "../../support/ids.ts";
import { plainEnv, run } from "../../support/process.ts";
import { s3Client } from "../../support/s3-objects.ts";
import { type Case, expectCleanExit, type Setup } from "./case.ts";
import { A0, closeRequest, getRequest, hit, seen } from "./messages.ts";

/** The drain limit ends long before that of a request, which would cause a warning on stderr. */
const DRAIN_LIMIT = ["--drain-timeout=2s", "--remote-timeout=3600s"];
const SILENT: unknown = expect.not.stringContaining("no answer");

/** Cases of how a session ends. */
export const ENDING_CASES: Case[] = [
  {
    behaves: "answers close and exits while stdin is open",
    async run({ start }) {
      await using client = await start();
      await client.send(closeRequest(9));
      expect(await client.answer(9)).toEqual({ ID: 9 });
      await expectCleanExit(client);
    },
  },
  {
    behaves: "answers close within the drain limit although 100 uploads hang and pruning fails",
    async run(setup) {
      // A file in the place of the prune's state directory.
      mkdirSync(setup.cacheDir, { recursive: true });
      writeFileSync(join(setup.cacheDir, "state"), "");
      await using proxy = await hangingProxy(setup);
      await using client = await startWithUploads(setup, proxy, "close-hang");
      await client.send(closeRequest(900));
      expect(await client.answer(900)).toEqual({ ID: 900 });
      expect(await client.ended()).toMatchObject({ exitCode: 0, stderr: SILENT });
    },
  },
  {
    behaves:
      "answers close and closes stdout and stderr before the drain when it may drain in the background",
    async run(setup) {
      await using proxy = await hangingProxy(setup);
      await using client = await startWithUploads(setup, proxy, "background", [
        "--drain=background",
        "--drain-timeout=3600s",
        "--remote-timeout=3600s",
      ]);
      expect(await client.close()).toEqual({ ID: 101 });
      // Both at their end while the process still runs: a program that captures go's output does not wait for it.
      expect(await client.outputEnded()).toBe("");
      expect(client.isRunning).toBe(true);
    },
  },
  {
    behaves: "exits within the drain limit when the input ends and 100 uploads hang",
    async run(setup) {
      await using proxy = await hangingProxy(setup);
      await using client = await startWithUploads(setup, proxy, "eof-hang");
      expect(await client.finish()).toMatchObject({ exitCode: 0, stderr: SILENT });
    },
  },
  {
    behaves: "finishes its uploads when the input ends without close",
    async run(setup) {
      await using proxy = await FaultProxy.start({ target: setup.s3.endpoint, latencyMs: 20 });
      await using client = await startWithUploads(setup, proxy, "eof", ["--drain-timeout=3600s"]);
      expect(await client.finish()).toMatchObject({ exitCode: 0, stderr: "" });
      const bucket = s3Client(setup.s3);
      const actions = Array.from({ length: 100 }, (_, index) => hexOf(idOf(`action ${index}`)));
      const stored = await Promise.all(
        actions.map((action) => bucket.exists(`eof/action/${action.slice(0, 2)}/${action}`)),
      );
      expect(stored.filter(Boolean)).toHaveLength(100);
    },
  },
  {
    behaves: "keeps serving after SIGINT and SIGHUP to itself",
    async run({ start }) {
      await using client = await start();
      client.signal("SIGINT");
      client.signal("SIGHUP");
      await expectServes(client);
    },
  },
  {
    behaves: "keeps serving after SIGINT to the whole process group",
    async run({ start }) {
      await using client = await start({ detached: true });
      client.signal("SIGINT");
      client.signal("SIGINT");
      await expectServes(client);
    },
  },
  {
    behaves: "exits with 0 when its stdout is closed",
    async run({ dir, cacheDir }) {
      const requests = Array.from({ length: 2000 }, (_, id) => getRequest(id + 1)).join("");
      const script = `"$0" --cache-dir="$1" 2>"$2/stderr"; echo $? >"$2/rc"`;
      const pipeline = `{ ${script}; } | true`;
      await run(["sh", "-c", pipeline, binaryPath(), cacheDir, dir.path], { stdin: requests });
      const [rc, stderr] = ["rc", "stderr"].map((name) => readFileSync(dir.join(name), "utf8"));
      expect({ rc, stderr }).toEqual({ rc: "0\n", stderr: "" });
    },
  },
];

async function expectServes(client: CacheprogClient): Promise<void> {
  expect(seen(await client.put(A0, Buffer.from("hello")))).toEqual(hit(1));
  expect(seen(await client.get(A0))).toEqual(hit(2));
  expect(await client.close()).toEqual({ ID: 3 });
  await expectCleanExit(client);
}

async function hangingProxy(setup: Setup): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ target: setup.s3.endpoint });
  proxy.fail(({ method }) => method === "PUT", { kind: "hang" });
  return proxy;
}

/** A helper with 100 entries to upload. */
async function startWithUploads(
  setup: Setup,
  proxy: FaultProxy,
  prefix: string,
  drain = DRAIN_LIMIT,
): Promise<CacheprogClient> {
  const flags = s3Flags(setup.s3, { prefix, endpoint: proxy.endpoint });
  const client = await setup.start({
    args: [...flags, ...drain],
    env: plainEnv(setup.s3.env),
  });
  for (let index = 0; index < 100; index++) {
    await client.put(idOf(`action ${index}`), Buffer.from(`output ${index}`));
  }
  return client;
}
