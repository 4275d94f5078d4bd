import { expect, test } from "bun:test";
import { hashModFile } from "../../../src/gomod/module-hash.ts";
import { checkZip } from "../../../src/gomod/zip/check-zip.ts";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function withZip<T>(zip: Buffer, use: (path: string) => T | Promise<T>): Promise<T> {
  using dir = tempDir("zip");
  await Bun.write(dir.join("zip"), zip);
  return await use(dir.join("zip"));
}

test("a go.mod's hash is the hash of a directory with only this file", () => {
  const sha256 = new Bun.CryptoHasher("sha256").update("module m\n").digest("hex");
  const h1 = new Bun.CryptoHasher("sha256").update(`${sha256}  go.mod\n`).digest("base64");
  expect(hashModFile(Buffer.from("module m\n"))).toBe(`h1:${h1}`);
});

test("a zip's hash does not depend on the order of its files", async () => {
  const files = { "m@v1.0.0/b": "b", "m@v1.0.0/a/x": "x".repeat(5_000_000), "m@v1.0.0/a": "" };
  const reversed = Object.fromEntries(Object.entries(files).toReversed());
  expect(await withZip(makeZip(files), hashZip)).toBe(await withZip(makeZip(reversed), hashZip));
});

test.each([5, 5_000_000])(
  "no hash for a file of %i bytes that expands to more or less than its claimed size",
  async (length) => {
    const name = "m@v1.0.0/a";
    for (const claimed of [length - 1, length + 1]) {
      const zip = makeZip({ [name]: "x".repeat(length) }, { [name]: claimed });
      await expect(withZip(zip, hashZip)).rejects.toThrow("does not expand to");
    }
  },
);

test("accepts what go makes, with capitals and letters of all scripts", async () => {
  const names = ["go.mod", "LICENSE", "README.md", "dir/ä ö.go", "dir/_go.mod", "a-b_c~d/e (1).txt"];
  const zip = makeZip(Object.fromEntries(names.map((name) => [`example.com/M@v1.0.0/${name}`, "x"])));
  await withZip(zip, (path) => checkZip(path, "example.com/M", "v1.0.0"));
});
