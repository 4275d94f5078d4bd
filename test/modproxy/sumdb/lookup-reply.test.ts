import { expect, test } from "bun:test";
import { parseLookupReply } from "../../../src/modproxy/sumdb/lookup-reply.ts";

test("a reply of millions of lines is refused before it is taken apart", () => {
  const asked = { module: "example.com/a", version: "v1.0.0" };
  const begunMs = performance.now();
  expect(() => parseLookupReply(`1\n${"a\n".repeat(8 << 20)}`, asked, undefined)).toThrow("is too long");
  expect(performance.now() - begunMs).toBeLessThan(500);
});
