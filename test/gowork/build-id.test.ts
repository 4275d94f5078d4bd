import { expect, test } from "bun:test";
import { findBuildIds, idPart } from "../../src/gowork/build-id.ts";

/** Of a program that Go 1.27 has linked. */
const PARTS = [
  "TvWVpZvXhTkD9U_Er-Pd",
  "dHmnpn1AYmCFZZZNGJ0k",
  "3yxy1SIZj4RU1Cn_5bbR",
  "sR0k8Yd6YjYy8i2G9a-_",
];
const ID = PARTS.join("/");

test("a build id is found among other bytes, with how the id of its action begins", () => {
  const head = Buffer.concat([
    Buffer.from([0x7f, 0xff, 0]),
    Buffer.from(` Go build ID: "${ID}"\n\xff`, "latin1"),
  ]);
  expect(findBuildIds(head)).toEqual([
    { text: ID, actionStart: "4ef595a59bd7853903f54fc4afe3dd", contentId: "sR0k8Yd6YjYy8i2G9a-_" },
  ]);
});

test.each([
  ["three parts", PARTS.slice(1).join("/")],
  ["five parts", `${ID}/${PARTS[0]}`],
  ["a part that is too long", `${ID}x`],
  ["a part that is too short", ID.slice(1)],
  ["a longer word", `x${ID}`],
  ["other characters", ID.replace("_", "+")],
  ["nothing", ""],
])("%s is no build id", (_, text) => {
  expect(findBuildIds(Buffer.from(`"${text}"`))).toEqual([]);
});

test("the part of a build id is that of go: fifteen bytes", () => {
  const sum = new Bun.CryptoHasher("sha256").update("hello").digest();
  expect(idPart(sum)).toBe("LPJNul-wow4m6Dsqxbni");
});
