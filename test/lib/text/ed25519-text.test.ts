import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import {
  formatPublicKey,
  formatSecretKey,
  hasSecret,
  isKeyText,
  parsePublicKey,
  parseSecretKey,
  publicKeyDer,
  secretKeyDer,
} from "../../../src/lib/text/ed25519-text.ts";

const SEED = Buffer.alloc(32, 1);
const PUBLIC = Buffer.alloc(32, 2);
const PAIR = generateKeyPairSync("ed25519");
const PEM = {
  secret: PAIR.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  public: PAIR.publicKey.export({ format: "pem", type: "spki" }).toString(),
};

test("what is formatted is read again, with white space around", () => {
  expect(parsePublicKey(` ${formatPublicKey(PUBLIC)}\n`)).toEqual(PUBLIC);
  expect(parseSecretKey(`${formatSecretKey({ seed: SEED, publicKey: PUBLIC })}\n`)).toEqual({
    seed: SEED,
    publicKey: PUBLIC,
  });
});

test("openssl's PEM is read, and gives the same keys as node:crypto", () => {
  const secret = parseSecretKey(PEM.secret);
  expect(secret && secretKeyDer(secret.seed)).toEqual(
    PAIR.privateKey.export({ format: "der", type: "pkcs8" }),
  );
  expect(secret && publicKeyDer(secret.publicKey)).toEqual(
    PAIR.publicKey.export({ format: "der", type: "spki" }),
  );
  expect(parsePublicKey(PEM.public)).toEqual(secret?.publicKey);
});

describe("is no key", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
  test.each([
    "",
    "gocache-public:",
    formatPublicKey(PUBLIC.subarray(1)),
    `${formatPublicKey(PUBLIC)}=`,
    `${formatPublicKey(PUBLIC)} x`,
    formatSecretKey({ seed: SEED, publicKey: PUBLIC }).slice(0, -2),
    PEM.public.replace("PUBLIC", "PRIVATE"),
    rsa.publicKey.export({ format: "pem", type: "spki" }).toString(),
    rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  ])("%j", (text) => {
    expect([parsePublicKey(text), parseSecretKey(text)]).toEqual([undefined, undefined]);
  });
});

test("a text that is a key, and one that must not be shown, are told apart from a file's name", () => {
  const secret = formatSecretKey({ seed: SEED, publicKey: PUBLIC });
  const texts = [secret, PEM.secret, formatPublicKey(PUBLIC), PEM.public, "/etc/key", "gocache-public"];
  expect(texts.map(isKeyText)).toEqual([true, true, true, true, false, false]);
  expect(texts.map(hasSecret)).toEqual([true, true, false, false, false, false]);
});
