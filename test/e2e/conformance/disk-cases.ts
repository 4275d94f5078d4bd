import { expect } from "bun:test";
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CacheprogClient } from "../../support/cacheprog-client.ts";
import { hexOf, idOf } from "../../support/ids.ts";
import { run } from "../../support/process.ts";
import { type Case, entryFiles, expectCleanEnd } from "./case.ts";
import { A0, hit, OH, seen } from "./messages.ts";

const SEED_CACHE = join(import.meta.dir, "../../fixtures/seed-cache");

/** Cases of directories that can't be written, and of one from tailscale/go-cache-plugin. */
export const DISK_CASES: Case[] = [
  {
    behaves: "puts into the fallback directory when the cache directory can't be made",
    async run({ dir, start }) {
      writeFileSync(dir.join("file"), "");
      await using client = await start({ args: [`--cache-dir=${dir.join("file/cache")}`] });
      await expectPutAndOneLine(client);
    },
  },
  {
    behaves:
      "puts into the fallback directory when the cache directory is read-only, and still hits the entries in it",
    async run({ cacheDir, start }) {
      cpSync(SEED_CACHE, cacheDir, { recursive: true });
      const mount = `mount --bind ${cacheDir} ${cacheDir} && mount -o remount,ro,bind ${cacheDir}`;
      await using client = await start({ wrapper: await inMountNamespace(mount) });
      expect(seen(await client.get(A0))).toEqual(hit(1, "hello", expect.any(String)));
      expect(seen(await client.put(idOf("new"), Buffer.from("fresh")))).toEqual(hit(2, "fresh"));
      expect(seen(await client.get(idOf("new")))).toEqual(hit(3, "fresh"));
      await expectOneLine(client);
    },
  },
  {
    behaves: "puts into the fallback directory when the disk becomes full in the middle of a body",
    async run({ cacheDir, start }) {
      mkdirSync(cacheDir);
      const mount = `mount -t tmpfs -o size=256k none ${cacheDir}`;
      await using client = await start({ wrapper: await inMountNamespace(mount) });
      const text = "more than fits ".repeat(40_000);
      expect(seen(await client.put(A0, Buffer.from(text)))).toEqual(hit(1, text));
      expect(seen(await client.get(A0))).toEqual(hit(2, text));
      await expectOneLine(client);
    },
  },
  {
    behaves: "hits in a directory that tailscale/go-cache-plugin made",
    async run({ cacheDir, start }) {
      cpSync(SEED_CACHE, cacheDir, { recursive: true });
      await using client = await start();
      expect(seen(await client.get(A0))).toEqual(hit(1));
      expect(seen(await client.get(idOf("empty")))).toEqual(hit(2, ""));
      await expectCleanEnd(client);
    },
  },
  {
    behaves:
      "misses for damaged records of tailscale/go-cache-plugin, and for paths outside of the directory",
    async run({ cacheDir, start }) {
      const records = ["", "x", "zz 5\n", `${hexOf(OH)}\n`, `${hexOf(OH)} 5 6\n`, "../../secret 5\n"];
      cpSync(SEED_CACHE, cacheDir, { recursive: true });
      writeFileSync(join(cacheDir, "secret"), "12345");
      await using client = await start();
      for (const [index, record] of records.entries()) {
        const action = hexOf(idOf(record));
        mkdirSync(join(cacheDir, "action", action.slice(0, 2)), { recursive: true });
        writeFileSync(join(cacheDir, "action", action.slice(0, 2), action), record);
        expect(await client.get(idOf(record))).toEqual({ ID: index + 1, Miss: true });
      }
      await expectCleanEnd(client);
    },
  },
  {
    behaves: "writes files that tailscale/go-cache-plugin can read",
    async run({ cacheDir, start }) {
      await using client = await start({ wrapper: ["sh", "-c", 'umask 022; exec "$@"', "sh"] });
      await client.put(A0, Buffer.from("hello"));
      await expectCleanEnd(client);
      const action = `action/00/${"00".repeat(32)}`;
      const output = `output/2c/${hexOf(OH)}`;
      expect(entryFiles(cacheDir)).toEqual([action, output]);
      expect(readFileSync(join(cacheDir, action), "utf8")).toBe(`${hexOf(OH)} 5\n`);
      const modes = [action, output].map((name) => statSync(join(cacheDir, name)).mode & 0o777);
      expect(modes).toEqual([0o644, 0o644]);
    },
  },
];

async function expectPutAndOneLine(client: CacheprogClient): Promise<void> {
  expect(seen(await client.put(A0, Buffer.from("hello")))).toEqual(hit(1));
  expect(seen(await client.get(A0))).toEqual(hit(2));
  await expectOneLine(client);
}

/** Expects exit code 0 and one warning on stderr. */
async function expectOneLine(client: CacheprogClient): Promise<void> {
  await client.end();
  expect(await client.ended()).toEqual({
    exitCode: 0,
    signal: null,
    stderr: expect.stringMatching(/^go-cache-plugin: [^\n]+\n$/),
  });
}

/** A command prefix that runs `mount` in a namespace of the helper, since file modes do not stop root. */
async function inMountNamespace(mount: string): Promise<string[]> {
  const script = ["sh", "-ec", `${mount}\nexec "$@"`, "sh"];
  for (const unshare of [
    ["unshare", "--mount"],
    ["unshare", "--map-root-user", "--mount"],
  ]) {
    if ((await run([...unshare, "true"])).exitCode === 0) return [...unshare, ...script];
  }
  throw new Error("no mount namespace can be made; run as root, or allow unprivileged user namespaces");
}
