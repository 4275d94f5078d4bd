import { expect } from "bun:test";
import { createReadStream, readFileSync } from "node:fs";
import { s3Flags } from "../../support/binary.ts";
import type { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { plainEnv } from "../../support/process.ts";
import { type Case, expectCleanEnd } from "./case.ts";
import { A0, getRequest, hit, miss, putHello, seen } from "./messages.ts";

const MIB = 1024 * 1024;
const MOST_MEMORY_BYTES = 300 * MIB;

/** Cases of load: many requests, large bodies. */
export const LOAD_CASES: Case[] = [
  {
    behaves: "prints hello in one line and then nothing",
    async run({ start }) {
      await using client = await start();
      await expectCleanEnd(client);
      expect(client.answers).toEqual([{ ID: 0, KnownCommands: ["get", "put", "close"] }]);
    },
  },
  {
    behaves: "never shows a reader a part of an output that is put repeatedly",
    async run({ start }) {
      await using client = await start();
      const first = seen(await putHelloAs(client, 1));
      const path = (await client.answer(1)).DiskPath ?? "";
      const ids = Array.from({ length: 8 }, (_, index) => index + 2);
      const answered = Promise.all(ids.map((id) => putHelloAs(client, id)));
      let done = false;
      void answered.finally(() => {
        done = true;
      });
      const texts = new Set<string>();
      do {
        texts.add(readFileSync(path, "utf8"));
        await new Promise(setImmediate);
      } while (!done);
      expect([...texts]).toEqual(["hello"]);
      expect((await answered).map((answer) => answer.DiskPath)).toEqual(ids.map(() => path));
      expect(first).toEqual(hit(1));
      await expectCleanEnd(client);
    },
  },
  {
    behaves: "answers 500 gets in flight, each once",
    async run({ start }) {
      await using client = await start();
      const ids = Array.from({ length: 500 }, (_, index) => ((index * 263) % 500) + 1);
      await client.send(ids.map((id) => getRequest(id, idOf(`get ${id}`))).join(""));
      expect(await Promise.all(ids.map((id) => client.answer(id)))).toEqual(ids.map(miss));
      await expectCleanEnd(client);
    },
  },
  {
    behaves: "stores and uploads a body of 64 MiB in bounded memory",
    async run({ start, s3 }) {
      const args = s3Flags(s3, { prefix: "large" });
      await using client = await start({ args, env: plainEnv(s3.env) });
      await expectLargePut(client, 64 * MIB);
      await client.close();
      expect(client.peakRssBytes()).toBeLessThan(MOST_MEMORY_BYTES);
    },
  },
  {
    behaves: "stores a body of 600 MiB, above the longest JavaScript string, in bounded memory",
    async run({ start }) {
      await using client = await start();
      await expectLargePut(client, 600 * MIB);
      await expectCleanEnd(client);
    },
  },
];

async function putHelloAs(client: CacheprogClient, id: number) {
  await client.send(putHello(id, { actionId: idOf(`action ${id}`) }));
  return await client.answer(id);
}

/** Puts `sizeBytes` (a multiple of 3 MiB and a MiB are fine) of text that is generated while it is sent. */
async function expectLargePut(client: CacheprogClient, sizeBytes: number): Promise<void> {
  const piece = Buffer.alloc(3 * MIB, "the quick brown fox ");
  const pieces = Math.floor(sizeBytes / piece.length);
  const rest = piece.subarray(0, sizeBytes - pieces * piece.length);
  const hasher = new Bun.CryptoHasher("sha256");
  for (let index = 0; index < pieces; index++) hasher.update(piece);
  const outputId = hasher.update(rest).digest("base64");
  await client.send(
    `{"ID":1,"Command":"put","ActionID":"${A0}","OutputID":"${outputId}","BodySize":${sizeBytes}}\n\n"`,
  );
  const encoded = piece.toString("base64");
  for (let index = 0; index < pieces; index++) await client.send(encoded);
  await client.send(`${rest.toString("base64")}"\n`);
  const { DiskPath = "", Size } = await client.answer(1);
  expect({ Size, sha256: await hashFile(DiskPath) }).toEqual({ Size: sizeBytes, sha256: outputId });
  expect(client.peakRssBytes()).toBeLessThan(MOST_MEMORY_BYTES);
}

async function hashFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hasher.update(chunk as Buffer);
  return hasher.digest("base64");
}
