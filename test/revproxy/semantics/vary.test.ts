import { expect, test } from "bun:test";
import { variantOf } from "../../../src/revproxy/semantics/vary.ts";

test("the text of a variant distinguishes values, and contains no possible secret", () => {
  const variant = (token: string) =>
    variantOf(
      ["accept", "x-vault-token"],
      [
        ["Accept", "text/html"],
        ["X-Vault-Token", token],
      ],
    );
  expect(variant("s3cret")).not.toContain("s3cret");
  expect(variant("s3cret")).toContain("text/html");
  expect(variant("s3cret")).toBe(variant("s3cret"));
  expect(variant("s3cret")).not.toBe(variant("other"));
});
