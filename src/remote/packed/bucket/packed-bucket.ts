import { PatientStore, type StoreOptions } from "../../patient-store.ts";
import { PackedKeys } from "../format/keys.ts";

/** A pack in a listing. */
export interface StoredPack {
  id: string;
  sizeBytes: number;
  modifiedMs: number;
}

/** The packed layout of a bucket, for maintenance of all its objects. */
export class PackedBucket extends PatientStore {
  readonly keys: PackedKeys;
  /** For messages. */
  readonly name: string;

  constructor(options: StoreOptions) {
    super(options);
    this.keys = new PackedKeys(options.prefix);
    this.name = `${options.store.name}/${this.keys.root}`;
  }

  /** Lists all packs page by page, with the store's time. Skips other objects. */
  async *listPacks(): AsyncGenerator<{ packs: StoredPack[]; serverTimeMs: number }, void, void> {
    for await (const { objects, serverTimeMs } of this.list(`${this.keys.root}pack/`)) {
      const packs = objects.flatMap(({ key, sizeBytes, modifiedMs }) => {
        const id = key.slice(key.lastIndexOf("/") + 1);
        return /^[0-9a-f]{64}$/.test(id) && key === this.keys.pack(id) ? [{ id, sizeBytes, modifiedMs }] : [];
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
