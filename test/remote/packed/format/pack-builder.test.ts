import { expect, test } from "bun:test";
import { PackBuilder } from "../../../../src/remote/packed/format/pack-builder.ts";
import { sha256Hex } from "../../../support/ids.ts";

test("a pack is the concatenation of its frames, named by its hash", () => {
  const builder = new PackBuilder("ci");
  builder.add("a", Buffer.from("0123"));
  builder.add("b", Buffer.from("45"));
  expect(builder.sizeBytes).toBe(6);
  const { pack, bytes, places } = builder.seal();
  expect([pack, Buffer.from(bytes).toString()]).toEqual([
    { id: sha256Hex("012345"), sizeBytes: 6, prefix: "ci" },
    "012345",
  ]);
  expect([...places]).toEqual([
    ["a", { pack, offset: 0, length: 4 }],
    ["b", { pack, offset: 4, length: 2 }],
  ]);
});

test("the next pack starts empty", () => {
  const builder = new PackBuilder("");
  builder.add("a", Buffer.from("0123"));
  builder.seal();
  expect(builder.sizeBytes).toBe(0);
  builder.add("b", Buffer.from("45"));
  expect([...builder.seal().places.keys()]).toEqual(["b"]);
});

test("the same frames in the same order make the same pack", () => {
  const ids = ["ab", "ab", "ba"].map((order) => {
    const builder = new PackBuilder("");
    for (const frame of order) builder.add(frame, Buffer.from(frame));
    return builder.seal().pack.id;
  });
  expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
});
