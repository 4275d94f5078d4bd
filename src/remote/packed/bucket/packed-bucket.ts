import { PatientStore, type StoreOptions } from "../../patient-store.ts";
import { PackedKeys } from "../format/keys.ts";

/** A pack or a segment in a listing. */
export interface StoredPack {
  id: string;
  sizeBytes: number;
  modifiedMs: number;
}

interface PackPage {
  packs: StoredPack[];
  /** The store's clock. */
  serverTimeMs: number;
}

/** The packed layout of a bucket, for maintenance of all its objects. */
export class PackedBucket extends PatientStore {
  readonly prefix: string;
  readonly keys: PackedKeys;
  /** For messages. */
  readonly name: string;

  constructor(options: StoreOptions) {
    super(options);
    this.prefix = options.prefix;
    this.keys = new PackedKeys(options.prefix);
    this.name = `${options.store.name}/${this.keys.root}`;
  }

  /** Lists the packs page by page, those after the key `startAfter`, with the store's time. Skips other objects. */
  async *listPacks(startAfter?: string): AsyncGenerator<PackPage, void, void> {
    yield* this.#listIds("pack", startAfter);
  }

  /** The same of segments. */
  async *listSegments(startAfter?: string): AsyncGenerator<PackPage, void, void> {
    yield* this.#listIds("segment", startAfter);
  }

  async *#listIds(kind: "pack" | "segment", startAfter?: string): AsyncGenerator<PackPage, void, void> {
    for await (const { objects, serverTimeMs } of this.list(`${this.keys.root}${kind}/`, startAfter)) {
      const packs = objects.flatMap(({ key, sizeBytes, modifiedMs }) => {
        const id = key.slice(key.lastIndexOf("/") + 1);
        const isNamed = /^[0-9a-f]{64}$/.test(id) && key === this.keys[kind](id);
        return isNamed ? [{ id, sizeBytes, modifiedMs }] : [];
      });
      yield { packs, serverTimeMs };
    }
  }

  /** Throws if the key is not part of the packed layout. */
  override async delete(key: string): Promise<void> {
    if (!key.startsWith(this.keys.root)) throw new Error(`${key} is not below ${this.keys.root}`);
    await super.delete(key);
  }
}
