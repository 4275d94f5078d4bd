import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { escapeName } from "../../gomod/module-path.ts";
import type { Database } from "../../gomod/sumdb/databases.ts";
import { type ModuleHashes, parseLookupReply } from "../../gomod/sumdb/lookup-reply.ts";
import { openTreeHead, type TreeHead } from "../../gomod/sumdb/note.ts";
import { formatTileName, TILE_WIDTH, type Tile } from "../../gomod/sumdb/tile-name.ts";
import { proveGrowth, proveRecord, type ReadTile } from "../../gomod/sumdb/tree.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { ModError } from "../mod-error.ts";
import type { ModRequest, SumdbRequest } from "../names/mod-request.ts";
import type { HeadFiles } from "../sumdb/head-file.ts";

export interface SumdbClientOptions {
  database: Database;
  heads: HeadFiles;
  /** The content of a file of the database, from any source. */
  read: (request: SumdbRequest) => Promise<Buffer>;
  /** Removes a file that was found wrong. */
  forget: (name: string) => void;
  /** Called when something looks like an attack. */
  onFraud: (message: string) => void;
}

/** Asks a checksum database, and trusts only what its signed tree contains. Failures are not remembered. */
export class SumdbClient {
  readonly #options: SumdbClientOptions;
  #head: TreeHead | undefined;
  /** Heads are merged one after the other, since each is compared with the newest. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SumdbClientOptions) {
    this.#options = options;
    this.#head = options.heads.load(options.database);
  }

  /**
   * The hashes of a version. `undefined`: the database does not know it. Rejects when it can't be reached, or with an
   * `InvalidFileError` when the reply is not in its tree.
   */
  async lookup(module: string, version: string): Promise<ModuleHashes | undefined> {
    const { name, verifier } = this.#options.database;
    const request: SumdbRequest = {
      kind: "lookup",
      name: `sumdb/${name}/lookup/${escapeName(module)}@${escapeName(version)}`,
      database: name,
      module,
      version,
    };
    const text = await this.#read(request);
    if (text === undefined) return undefined;
    return await this.#prove([request.name], async (readTile) => {
      const { record, recordId, hashes, head } = parseLookupReply(text.toString(), request, verifier);
      const newest = await this.#merge(head, readTile);
      await proveRecord(newest, record, recordId, readTile);
      return hashes;
    });
  }

  /** Rejects with an `InvalidFileError` for a head of this database that doesn't continue the newest known one. */
  async inspect(request: ModRequest, bytes: Buffer): Promise<void> {
    if (request.kind !== "head" || request.database !== this.#options.database.name) return;
    const head = openTreeHead(bytes.toString(), this.#options.database.verifier);
    if (this.#head !== undefined && head.size < this.#head.size) {
      throw new InvalidFileError(`tree of ${head.size} records, after one of ${this.#head.size}`);
    }
    await this.#prove([], (readTile) => this.#merge(head, readTile));
  }

  /** The larger of `head` and the newest known head, after a proof that the smaller one is its beginning. */
  async #merge(head: TreeHead, readTile: ReadTile): Promise<TreeHead> {
    const turn = this.#turn.then(() => this.#mergeNow(head, readTile));
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async #mergeNow(head: TreeHead, readTile: ReadTile): Promise<TreeHead> {
    const known = this.#head;
    if (known === undefined) return this.#keep(head);
    if (head.size <= known.size) {
      if (head.size === known.size ? !head.root.equals(known.root) : false) throw forked(head, known);
      if (head.size < known.size) await proveGrowth(head, known, readTile);
      return known;
    }
    await proveGrowth(known, head, readTile);
    return this.#keep(head);
  }

  #keep(head: TreeHead): TreeHead {
    this.#head = head;
    this.#options.heads.save(this.#options.database, head);
    return head;
  }

  /** Runs a proof. If it fails, all files that it used are removed, so that the next proof fetches them again. */
  async #prove<T>(names: string[], prove: (readTile: ReadTile) => Promise<T>): Promise<T> {
    const used = new Set(names);
    try {
      return await prove((tile) => this.#readTile(tile, used));
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      for (const name of used) this.#options.forget(name);
      this.#options.onFraud(`checksum database ${this.#options.database.name}: ${describeError(error)}`);
      throw error;
    }
  }

  /** A partial tile may have been replaced by the full one. */
  async #readTile(tile: Tile, used: Set<string>): Promise<Uint8Array> {
    const bytes =
      (await this.#readOneTile(tile, used)) ??
      (await this.#readOneTile({ ...tile, width: TILE_WIDTH }, used));
    if (bytes === undefined) throw new ModError(502, `no ${formatTileName(tile)}`);
    return bytes;
  }

  async #readOneTile(tile: Tile, used: Set<string>): Promise<Uint8Array | undefined> {
    const database = this.#options.database.name;
    const name = `sumdb/${database}/${formatTileName(tile)}`;
    used.add(name);
    return await this.#read({ kind: "tile", name, database, tile });
  }

  async #read(request: SumdbRequest): Promise<Buffer | undefined> {
    try {
      return await this.#options.read(request);
    } catch (error) {
      if (error instanceof ModError && error.isAbsence) return undefined;
      throw error;
    }
  }
}

function forked(a: TreeHead, b: TreeHead): InvalidFileError {
  return new InvalidFileError(`two different trees of ${Math.min(a.size, b.size)} records are signed`);
}
