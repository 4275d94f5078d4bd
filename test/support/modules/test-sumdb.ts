/** A checksum database with a real key and a real tree, so that go can verify it. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { parseTileName, TILE_WIDTH } from "../../../src/gomod/sumdb/tile-name.ts";
import { hashLeaf, hashNode } from "../../../src/gomod/sumdb/tree.ts";

export class TestSumdb {
  readonly name: string;
  /** The value for GOSUMDB. */
  readonly key: string;
  readonly #secret: KeyObject;
  readonly #keyHash: Buffer;
  readonly #records: string[] = [];
  readonly #ids = new Map<string, number>();
  /** Of large ranges: records never change. */
  readonly #roots = new Map<string, Buffer>();

  constructor(name = "sumdb.test", secret = generateKeyPairSync("ed25519").privateKey) {
    this.name = name;
    const publicKey = createPublicKey(secret);
    this.#secret = secret;
    const raw = Buffer.concat([
      Buffer.from([1]),
      publicKey.export({ format: "der", type: "spki" }).subarray(-32),
    ]);
    this.#keyHash = sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4);
    this.key = `${name}+${this.#keyHash.toString("hex")}+${raw.toString("base64")}`;
  }

  get size(): number {
    return this.#records.length;
  }

  /** `module@version` as in URLs. */
  add(
    escaped: string,
    { module, version, zip, mod }: { module: string; version: string; zip: string; mod: string },
  ): void {
    this.#ids.set(escaped, this.#records.length);
    this.#records.push(`${module} ${version} ${zip}\n${module} ${version}/go.mod ${mod}\n`);
  }

  record(id: number): string {
    return this.#records[id] ?? "";
  }

  /** The signed head of the tree when it had `size` records. */
  head(size = this.size): string {
    return this.signed(`go.sum database tree\n${size}\n${this.root(0, size).toString("base64")}\n`);
  }

  signed(text: string): string {
    const signature = Buffer.concat([this.#keyHash, sign(null, Buffer.from(text), this.#secret)]);
    return `${text}\n— ${this.name} ${signature.toString("base64")}\n`;
  }

  root(low = 0, high = this.size): Buffer {
    if (high === low) return sha256(Buffer.alloc(0));
    if (high - low === 1) return hashLeaf(this.record(low));
    const range = `${low}-${high}`;
    const known = this.#roots.get(range);
    if (known !== undefined) return known;
    const middle = low + 2 ** Math.floor(Math.log2(high - low - 1));
    const root = hashNode(this.root(low, middle), this.root(middle, high));
    if (high - low >= TILE_WIDTH) this.#roots.set(range, root);
    return root;
  }

  /** The answer for a path below its own URL; `undefined`: 404. */
  answer(path: string): string | Buffer | undefined {
    if (path === "supported") return "";
    if (path === "latest") return this.head();
    if (path.startsWith("lookup/")) {
      const id = this.#ids.get(path.slice(7));
      return id === undefined ? undefined : `${id}\n${this.record(id)}\n${this.head()}`;
    }
    return this.tile(path);
  }

  tile(path: string): Buffer | undefined {
    const tile = parseTileName(path);
    if (tile === undefined) return undefined;
    const step = tile.level === "data" ? 1 : TILE_WIDTH ** tile.level;
    const first = tile.number * TILE_WIDTH;
    if ((first + tile.width) * step > this.size) return undefined;
    const indexes = Array.from({ length: tile.width }, (_, i) => first + i);
    if (tile.level === "data") return Buffer.from(indexes.map((i) => `${this.record(i)}\n`).join(""));
    return Buffer.concat(indexes.map((i) => this.root(i * step, (i + 1) * step)));
  }
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = new Bun.CryptoHasher("sha256");
  for (const part of parts) hash.update(part);
  return Buffer.from(hash.digest());
}
