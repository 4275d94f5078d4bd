/** Answers of a checksum database: signed notes, and tiles that only a proof can verify. */
import { createPrivateKey } from "node:crypto";
import { InvalidFileError } from "../../../src/gomod/invalid-file-error.ts";
import { parseLookupReply } from "../../../src/gomod/sumdb/lookup-reply.ts";
import { openTreeHead, parseVerifier } from "../../../src/gomod/sumdb/note.ts";
import { proveGrowth, proveRecord } from "../../../src/gomod/sumdb/tree.ts";
import { SumProof } from "../../../src/gomodcache/sum-proof.ts";
import { formatTreeHeader, ModuleTreeError, parseTreeHeader } from "../../../src/gomodcache/tree-header.ts";
import { secretKeyDer } from "../../../src/lib/text/ed25519-text.ts";
import { TestSumdb } from "../../support/modules/test-sumdb.ts";
import { fixedKey } from "../fixed-key.ts";
import { type FuzzTarget, holds, parsed, parsedLater, same } from "../target.ts";

const RECORDS = 300;
const isInvalid = (error: unknown) => error instanceof InvalidFileError;
const hash = (text: string) => `h1:${new Bun.CryptoHasher("sha256").update(text).digest("base64")}`;

const database = new TestSumdb(
  "sumdb.test",
  createPrivateKey({ key: secretKeyDer(fixedKey("sumdb").seed), format: "der", type: "pkcs8" }),
);
for (let n = 0; n < RECORDS; n++) {
  const [module, version] = [`example.com/m${n}`, "v1.0.0"];
  database.add(`${module}@${version}`, { module, version, zip: hash(`${n}`), mod: hash(`${n} mod`) });
}
const verifier = parseVerifier(database.key);
const wanted = { module: "example.com/m7", version: "v1.0.0" };
const reply = String(database.answer("lookup/example.com/m7@v1.0.0"));
const WORDS = ["\n\n", "— sumdb.test ", "go.sum database tree\n", " h1:", "/go.mod"];

/** The text before the signatures. */
function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf("\n\n") + 1);
}

const signedTexts = new Map<number, string>();

/** The text that the database signs for a tree of this size. */
function signedText(size: number): string {
  const text = signedTexts.get(size) ?? textOf(database.head(size));
  signedTexts.set(size, text);
  return text;
}

const note: FuzzTarget = {
  name: "signed note",
  promise: "a head that the database has signed, or an InvalidFileError",
  thousands: 40,
  recordings: () => [7, 256, RECORDS].map((size) => Buffer.from(database.head(size))),
  words: WORDS,
  attempt(input) {
    const head = parsed(() => openTreeHead(input.toString(), verifier), isInvalid);
    if (head === undefined) return "refused";
    same(textOf(head.note), signedText(head.size), "a text without a signature");
    return "accepted";
  },
};

const lookup: FuzzTarget = {
  name: "reply of the checksum database",
  promise: "hashes of that version, with a head that the database has signed; or an InvalidFileError",
  thousands: 40,
  recordings: () => [
    Buffer.from(reply),
    Buffer.from(String(database.answer("lookup/example.com/m8@v1.0.0"))),
  ],
  words: WORDS,
  attempt(input) {
    const found = parsed(() => parseLookupReply(input.toString(), wanted, verifier), isInvalid);
    if (found === undefined) return "refused";
    same(textOf(found.head.note), signedText(found.head.size), "a text without a signature");
    holds(found.recordId < found.head.size, "beyond the tree");
    return "accepted";
  },
};

const record = database.record(7);
const head = { size: RECORDS, root: database.root() };

const proof: FuzzTarget = {
  name: "proof from tiles",
  promise: "proofs only of records in the tree; or an InvalidFileError",
  thousands: 12,
  recordings: () => [
    Buffer.from(database.tile("tile/8/0/000") ?? ""),
    Buffer.from(database.tile("tile/8/0/001.p/44") ?? ""),
  ],
  async attempt(input) {
    const tiles: Record<string, Uint8Array> = {
      "0 0": input.length > 44 * 32 ? input : (database.tile("tile/8/0/000") ?? input),
      "0 1": input.length > 44 * 32 ? (database.tile("tile/8/0/001.p/44") ?? input) : input,
      "1 0": database.tile("tile/8/1/000.p/1") ?? input,
    };
    const readTile = async ({ level, number }: { level: number | "data"; number: number }) =>
      tiles[`${level} ${number}`] ?? input;
    const id = 7 + ((input[0] ?? 0) % 3);
    const isProven = await parsedLater(async () => {
      await proveRecord(head, record, id, readTile);
      await proveGrowth({ size: 200, root: database.root(0, 200) }, head, readTile);
      return true;
    }, isInvalid);
    holds(isProven === undefined || id === 7, "a record at another place");
    return isProven === undefined ? "refused" : "accepted";
  },
};

const sizes: FuzzTarget = {
  name: "sizes of trees",
  promise: "every size ends in a proof or an InvalidFileError, never in an endless loop",
  thousands: 12,
  recordings: () => [
    Buffer.from("300 7"),
    Buffer.from("1125899906842623 1125899906842622"),
    Buffer.from("1 0"),
  ],
  async attempt(input) {
    const [size = 1, id = 0] = input
      .toString("latin1")
      .split(" ")
      .map((word) => Math.min(Number(word), 2 ** 53 - 1));
    if (!Number.isSafeInteger(size) || !Number.isSafeInteger(id) || id < 0 || id >= size) return "refused";
    let reads = 0;
    await parsedLater(async () => {
      await proveRecord({ size, root: head.root }, record, id, async () => {
        holds(++reads < 1_000, "it reads tiles for ever");
        return new Uint8Array(256 * 32);
      });
    }, isInvalid);
    return "accepted";
  },
};

const release = { path: wanted.module, version: wanted.version, database: verifier };
const sound = formatTreeHeader(
  {
    ...{ path: release.path, version: release.version, info: undefined, mod: undefined, files: undefined },
    lookup: reply,
    tiles: ["tile/8/1/000.p/1", "tile/8/0/001.p/44", "tile/8/0/000"].map((name) => [
      name,
      database.tile(name)?.toString("base64") ?? "",
    ]),
  },
  "sum",
);

const ofRelease: FuzzTarget = {
  name: "proof of a release of go",
  promise: "the one proof that there is, without anything that is not proven; or an error",
  thousands: 12,
  recordings: () => [sound.subarray(sound.indexOf("\n") + 1)],
  words: [...WORDS, '"lookup":', '"tiles":'],
  async attempt(input) {
    const isRefusal = (error: unknown) => isInvalid(error) || error instanceof ModuleTreeError;
    const framed = Buffer.concat([Buffer.from(`go module sum v1 ${input.length}\n`), input]);
    const found = parsed(() => parseTreeHeader(framed), isRefusal);
    if (found === undefined) return "refused";
    const proven = await parsedLater(() => SumProof.from(found.header, release), isRefusal);
    if (proven === undefined) return "refused";
    same(Buffer.concat([...proven.chunks()]).toString(), sound.toString(), "something else");
    return "accepted";
  },
};

export const SUMDB_TARGETS: readonly FuzzTarget[] = [note, lookup, proof, sizes, ofRelease];
