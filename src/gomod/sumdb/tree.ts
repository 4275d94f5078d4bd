/**
 * Proofs in a checksum database's tree (RFC 6962), made from its tiles. Tiles need not be trusted: the hash computed
 * from them must equal a signed root, so a wrong tile can't prove anything.
 */
import { InvalidFileError } from "../invalid-file-error.ts";
import { TILE_WIDTH, type Tile } from "./tile-name.ts";

const HASH_BYTES = 32;
const TILE_LEVELS = 8;

/** Reads the bytes of a tile of hashes, from any source. */
export type ReadTile = (tile: Tile) => Promise<Uint8Array>;

/**
 * Throws an `InvalidFileError` unless the tree with this root has `record` at place `id`. Reads the tiles that go reads for
 * that (golang.org/x/mod/sumdb/tlog.TileHashReader), and proves each of their hashes within the tree.
 */
export async function proveRecord(
  head: { size: number; root: Uint8Array },
  record: string,
  id: number,
  readTile: ReadTile,
): Promise<void> {
  const tree = new TileTree(head.size, readTile);
  const root = await tree.rangeHash(0, head.size);
  if (!root.equals(head.root) || !(await tree.hasLeaf(id, hashLeaf(record))))
    throw new InvalidFileError(`record ${id} is not in the tree of ${head.size} records`);
}

/** Throws an `InvalidFileError` unless the smaller tree is the beginning of the larger one. */
export async function proveGrowth(
  older: { size: number; root: Uint8Array },
  newer: { size: number; root: Uint8Array },
  readTile: ReadTile,
): Promise<void> {
  if (older.size === 0) return;
  const tree = new TileTree(newer.size, readTile);
  const oldRoot = await tree.rangeHash(0, older.size);
  const newRoot = await tree.rootAround(older.size, 0, newer.size);
  if (!oldRoot.equals(older.root) || !newRoot.equals(newer.root)) {
    throw new InvalidFileError(`tree of ${newer.size} records does not continue the one of ${older.size}`);
  }
}

export function hashLeaf(record: string): Buffer {
  return Buffer.from(new Bun.CryptoHasher("sha256").update("\x00").update(record).digest());
}

export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(new Bun.CryptoHasher("sha256").update("\x01").update(left).update(right).digest());
}

class TileTree {
  readonly #size: number;
  readonly #readTile: ReadTile;
  /** Hashes by first leaf and number of leaves, so that one proof never sees two values of a node. */
  readonly #known = new Map<string, Buffer>();
  readonly #tiles = new Map<string, Promise<Uint8Array>>();

  constructor(size: number, readTile: ReadTile) {
    this.#size = size;
    this.#readTile = readTile;
  }

  /**
   * Whether this leaf is in its tile, and each full tile from there on in the one above it. The last is not full: the hash
   * of all leaves is made from all of its hashes.
   */
  async hasLeaf(id: number, leaf: Buffer): Promise<boolean> {
    let [index, hash] = [id, leaf];
    for (let level = 0; ; level++) {
      const number = Math.floor(index / TILE_WIDTH);
      const bytes = await this.#tile(level, number);
      if (!mergeHashes(bytes, index - number * TILE_WIDTH, 1).equals(hash)) return false;
      if (this.#width(level, number) < TILE_WIDTH) return true;
      hash = mergeHashes(bytes, 0, TILE_WIDTH);
      index = number;
    }
  }

  /** The root, computed from nodes of which none reaches across `border`. */
  async rootAround(border: number, low: number, high: number): Promise<Buffer> {
    if (high <= border || low >= border) return await this.rangeHash(low, high);
    const middle = low + splitPoint(high - low);
    return hashNode(await this.rootAround(border, low, middle), await this.rootAround(border, middle, high));
  }

  async rangeHash(low: number, high: number): Promise<Buffer> {
    const name = `${low} ${high}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const count = high - low;
    // Complete subtrees always begin at a multiple of their size.
    const hash = isComplete(count)
      ? await this.#nodeHash(Math.log2(count), low / count)
      : await this.#split(low, high);
    this.#known.set(name, hash);
    return hash;
  }

  async #split(low: number, high: number): Promise<Buffer> {
    const middle = low + splitPoint(high - low);
    return hashNode(await this.rangeHash(low, middle), await this.rangeHash(middle, high));
  }

  /** A complete subtree of 2^level leaves, the `index`-th of its level. */
  async #nodeHash(level: number, index: number): Promise<Buffer> {
    const tileLevel = Math.floor(level / TILE_LEVELS);
    const count = 2 ** (level - tileLevel * TILE_LEVELS);
    const first = index * count;
    const number = Math.floor(first / TILE_WIDTH);
    const bytes = await this.#tile(tileLevel, number);
    return mergeHashes(bytes, first - number * TILE_WIDTH, count);
  }

  #tile(level: number, number: number): Promise<Uint8Array> {
    const name = `${level} ${number}`;
    const width = this.#width(level, number);
    const tile = this.#tiles.get(name) ?? this.#readTile({ level, number, width });
    this.#tiles.set(name, tile);
    return tile;
  }

  #width(level: number, number: number): number {
    const hashes = Math.floor(this.#size / 2 ** (level * TILE_LEVELS));
    return Math.min(TILE_WIDTH, hashes - number * TILE_WIDTH);
  }
}

/** The largest power of two below `count`. */
function splitPoint(count: number): number {
  // A logarithm would be rounded up just below a large power of two.
  let point = 1;
  while (2 * point < count) point *= 2;
  return point;
}

/** Whether a tree of `count` leaves is a power of two. */
function isComplete(count: number): boolean {
  return count === 1 || 2 * splitPoint(count) === count;
}

/** The hash over `count` (a power of two) of a tile's hashes, starting at `first`. */
function mergeHashes(tile: Uint8Array, first: number, count: number): Buffer {
  if (count === 1) {
    const hash = tile.subarray(first * HASH_BYTES, (first + 1) * HASH_BYTES);
    if (hash.length !== HASH_BYTES) throw new InvalidFileError("tile is too short");
    return Buffer.from(hash);
  }
  return hashNode(mergeHashes(tile, first, count / 2), mergeHashes(tile, first + count / 2, count / 2));
}
