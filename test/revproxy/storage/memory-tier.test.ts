import { expect, test } from "bun:test";
import { MemoryTier } from "../../../src/revproxy/storage/memory-tier.ts";

const HEAD = { status: 200, requestedMs: 0, receivedMs: 0 };

/** How many of these are still stored when they were added one after another. */
function kept(maxBytes: number, keep: (tier: MemoryTier, n: number) => string, count = 50): number {
  const tier = new MemoryTier(maxBytes);
  const urls = Array.from({ length: count }, (_, n) => keep(tier, n));
  return urls.filter((url) => tier.find(url, []) !== undefined).length;
}

test("the limit counts bodies, fields and names", () => {
  const large = "x".repeat(10_000);
  const put =
    (url: string, fields: [string, string][], bytes = new Uint8Array()) =>
    (tier: MemoryTier, n: number) => {
      tier.keep(`${url}${n}`, [], { ...HEAD, headers: fields }, bytes);
      return `${url}${n}`;
    };
  expect(kept(100_000, put("https://a.test/", [], new Uint8Array(10_000)))).toBe(8);
  expect(kept(100_000, put("https://a.test/", [["X-A", large]]))).toBe(8);
  expect(kept(100_000, put(`https://a.test/${large}`, []))).toBe(8);
});

test("a newer response is not replaced by the older one that the origin confirms", async () => {
  const tier = new MemoryTier(100_000);
  const url = "https://a.test/";
  tier.keep(url, [], { ...HEAD, headers: [["ETag", "old"]] }, new Uint8Array());
  const old = tier.find(url, []);
  tier.keep(url, [], { ...HEAD, headers: [["ETag", "new"]] }, new Uint8Array());
  const fresh = { ...HEAD, headers: [["ETag", "old"] as const], receivedMs: 1 };
  expect((await old?.update(fresh, { upload: false }))?.head).toEqual(fresh);
  expect(tier.find(url, [])?.head.headers).toEqual([["ETag", "new"]]);
});
