import { expect, test } from "bun:test";
import { variantOf } from "../../../src/revproxy/semantics/vary.ts";

test("the text of a variant tells values apart, and holds no value that may be a secret", () => {
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
