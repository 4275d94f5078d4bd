import { describe, expect, test } from "bun:test";
import { compressFrame, expandFrame } from "../../../../src/lib/bytes/zstd.ts";
import { appendSeal, splitParts } from "../../../../src/remote/packed/format/record-parts.ts";
import {
  isAccepted,
  SecretKeySigner,
  TrustedKeys,
} from "../../../../src/remote/packed/format/record-trust.ts";
import { DAY_MS, makeKey, trustOf } from "../trust-fixture.ts";

const FRAME = compressFrame(new TextEncoder().encode("a record"));
const KEY = "team/packed/v1/run/x.json.zst";

test("a signed record is accepted until it expires, and zstd still reads its frame", () => {
  let now = 1_000;
  const { check, signer } = trustOf(makeKey(), () => now);
  const signed = signer.sign(KEY, FRAME);
  expect(check.check(KEY, signed)).toBe(1_000 + DAY_MS);
  expect(Buffer.from(Bun.zstdDecompressSync(signed)).toString()).toBe("a record");
  expect(Buffer.from(expandFrame(splitParts(signed).frame, 100)).toString()).toBe("a record");
  now += DAY_MS;
  expect(() => check.check(KEY, signed)).toThrow("its signature has expired");
});

test("a signature by any of several keys is accepted", () => {
  const [one, two] = [makeKey(), makeKey()];
  const both = new TrustedKeys([one.publicKey, two.publicKey]);
  expect(
    [one, two, makeKey()].map((key) => isAccepted(both, KEY, trustOf(key).signer.sign(KEY, FRAME))),
  ).toEqual([true, true, false]);
});

describe("not accepted:", () => {
  const key = makeKey();
  const { check, signer } = trustOf(key);
  const signed = signer.sign(KEY, FRAME);
  const { seal } = splitParts(signed);
  if (seal === undefined) throw new Error("no seal");
  const cases: Record<string, [Uint8Array<ArrayBuffer>, string]> = {
    "a record without a seal": [FRAME, "not signed"],
    "an empty object": [new Uint8Array(0), "not signed"],
    "a seal without a record": [signed.subarray(FRAME.length), "not signed"],
    "a truncated seal": [signed.subarray(0, signed.length - 1), "not signed"],
    "a seal with trailing bytes": [Buffer.concat([signed, Buffer.from([0])]), "not signed"],
    "two seals": [Buffer.concat([signed, signed.subarray(FRAME.length)]), "not signed"],
    "a seal that is not JSON": [Buffer.concat([FRAME, skippable("x")]), "not signed"],
    "a seal of another version": [Buffer.concat([FRAME, skippable('{"seal":2}')]), "not signed"],
    "a seal that is null": [Buffer.concat([FRAME, skippable("null")]), "not signed"],
    "a record signed with another key": [
      trustOf(makeKey()).signer.sign(KEY, FRAME),
      "signed with a key that is not trusted",
    ],
    "another record with this seal": [
      appendSeal(compressFrame(new TextEncoder().encode("another")), seal),
      "changed since it was signed",
    ],
    "another expiry": [appendSeal(FRAME, { ...seal, expiresMs: seal.expiresMs + 1 }), "changed since"],
    "the name of another object": [appendSeal(FRAME, { ...seal, name: "y.json.zst" }), "changed since"],
    "an empty signature": [appendSeal(FRAME, { ...seal, signature: "" }), "changed since"],
    "the same record at another object key": [
      signer.sign("other", FRAME),
      "or signed for another object key",
    ],
  };
  for (const [what, [bytes, reason]] of Object.entries(cases)) {
    test(what, () => expect(() => check.check(KEY, bytes)).toThrow(reason));
  }

  test("a record with any changed byte", () => {
    const changed = signed.map((_, at) => {
      const copy = Uint8Array.from(signed);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return Number(isAccepted(check, KEY, copy));
    });
    // Some bits don't matter: in the last base64 character, and the skippable frame's magic number has sixteen values.
    expect(changed.filter((counts) => counts === 1).length).toBeLessThanOrEqual(2);
  });
});

test("a secret key with mismatched halves is refused", () => {
  const key = { seed: makeKey().seed, publicKey: makeKey().publicKey };
  expect(() => new SecretKeySigner(key, DAY_MS)).toThrow("the two halves of the secret key differ");
});

function skippable(text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a50, 0);
  header.writeUInt32LE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
