import { expect, test } from "bun:test";
import { parseLookupReply } from "../../../src/gomod/sumdb/lookup-reply.ts";

test("a reply of millions of lines is refused", () => {
  const asked = { module: "example.com/a", version: "v1.0.0" };
  expect(() => parseLookupReply(`1\n${"a\n".repeat(8 << 20)}`, asked, undefined)).toThrow("is too long");
});
