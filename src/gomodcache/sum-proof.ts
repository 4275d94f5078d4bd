import { dirname } from "node:path";
import { escapeName } from "../gomod/module-path.ts";
import { formatLookupReply, type LookupReply, parseLookupReply } from "../gomod/sumdb/lookup-reply.ts";
import { formatTileName, TILE_WIDTH, type Tile } from "../gomod/sumdb/tile-name.ts";
import { proveRecord } from "../gomod/sumdb/tree.ts";
import { listFiles } from "../lib/files/list-files.ts";
import { readSmallFile } from "../lib/files/small-file.ts";
import type { ModuleDirs } from "./module-dirs.ts";
import { formatTreeHeader, ModuleTreeError, type TreeHeader } from "./tree-header.ts";
import type { WantedRelease } from "./wanted-modules.ts";

const HASH_BYTES = 32;
const NOTHING = new Uint8Array();

/**
 * What a checksum database says of a release of go, and all that go needs to believe it: the reply to its lookup, with the
 * signed head of the database's tree, and the tiles that prove the reply to be in that tree. Where go has these in
 * `cache/download/sumdb`, it asks nobody before it switches to the release.
 *
 * There is none but proven ones.
 */
export class SumProof {
  /** The hash of the release's files. */
  readonly treeHash: string;
  readonly #release: WantedRelease;
  readonly #lookup: string;
  /** By their names. */
  readonly #tiles: ReadonlyMap<string, Uint8Array>;
  readonly #output: Buffer;

  private constructor(release: WantedRelease, reply: LookupReply, tiles: ReadonlyMap<string, Uint8Array>) {
    this.#release = release;
    this.treeHash = reply.hashes.zip;
    // Only what was proven: go fails where it can't read the rest.
    this.#lookup = formatLookupReply(reply);
    this.#tiles = tiles;
    const { path, version } = release;
    const list = [...tiles].map(([name, bytes]): [string, string] => [
      name,
      Buffer.from(bytes).toString("base64"),
    ]);
    const none = { info: undefined, mod: undefined, files: undefined };
    this.#output = formatTreeHeader({ path, version, ...none, lookup: this.#lookup, tiles: list }, "sum");
  }

  /** The proof in an output's header. Rejects if it is none. */
  static async from(header: TreeHeader, release: WantedRelease): Promise<SumProof> {
    const tiles = new Map(header.tiles);
    return await SumProof.#prove(release, header.lookup ?? "", (tile) =>
      Buffer.from(tiles.get(formatTileName(tile)) ?? "", "base64"),
    );
  }

  /** The proof that go has kept. Rejects if there is none. */
  static async kept(dirs: ModuleDirs, release: WantedRelease): Promise<SumProof> {
    const { name } = release.database;
    const lookup = readSmallFile(dirs.sumdbFile(name, lookupName(release))).toString();
    return await SumProof.#prove(release, lookup, (tile) => keptTile(dirs, name, tile));
  }

  /** Puts it where go looks for it, in place of anything else: go fails at a damaged file. Throws if the disk fails. */
  keep(dirs: ModuleDirs): void {
    const { name } = this.#release.database;
    const files = [...this.#tiles, [lookupName(this.#release), Buffer.from(this.#lookup)] as const];
    for (const [file, bytes] of files) {
      const path = dirs.sumdbFile(name, file);
      if (Buffer.compare(readFile(path), bytes) !== 0) dirs.putFile(path, bytes);
    }
  }

  get sizeBytes(): number {
    return this.#output.length;
  }

  /** The SHA-256 of all its bytes. */
  outputId(): string {
    return new Bun.CryptoHasher("sha256").update(this.#output).digest("hex");
  }

  *chunks(): Generator<Buffer, void, void> {
    yield this.#output;
  }

  static async #prove(
    release: WantedRelease,
    lookup: string,
    readTile: (tile: Tile) => Uint8Array,
  ): Promise<SumProof> {
    const { path: module, version, database } = release;
    const reply = parseLookupReply(lookup, { module, version }, database);
    const tiles = new Map<string, Uint8Array>();
    await proveRecord(reply.head, reply.record, reply.recordId, async (tile) => {
      const bytes = readTile(tile);
      // Go takes no other length.
      if (bytes.length !== tile.width * HASH_BYTES)
        throw new ModuleTreeError("a part of the checksum database's proof is missing");
      tiles.set(formatTileName(tile), bytes);
      return bytes;
    });
    return new SumProof(release, reply, tiles);
  }
}

function lookupName({ path, version }: WantedRelease): string {
  return `lookup/${escapeName(path)}@${escapeName(version)}`;
}

/** A tile that go has kept, cut from a wider one if need be, since a tree only grows. No bytes: there is none. */
function keptTile(dirs: ModuleDirs, database: string, tile: Tile): Uint8Array {
  const pathOf = (width: number) => dirs.sumdbFile(database, formatTileName({ ...tile, width }));
  const partial = listFiles(dirname(pathOf(1))).map(Number);
  const wider = partial.filter((width) => width > tile.width && width < TILE_WIDTH);
  for (const width of [tile.width, TILE_WIDTH, ...wider]) {
    const bytes = readFile(pathOf(width));
    if (bytes.length === width * HASH_BYTES) return bytes.subarray(0, tile.width * HASH_BYTES);
  }
  return NOTHING;
}

function readFile(path: string): Uint8Array {
  try {
    return readSmallFile(path);
  } catch {
    return NOTHING;
  }
}
