import { PatientStore, type StoreOptions } from "../../patient-store.ts";
import { PackedKeys } from "../format/keys.ts";

/** A pack as it is stored. */
export interface StoredPack {
  id: string;
  sizeBytes: number;
  modifiedMs: number;
}

/** The packed layout's part of a bucket, for work on all of it. */
export class PackedBucket extends PatientStore {
  readonly keys: PackedKeys;
  /** For messages. */
  readonly name: string;

  constructor(options: StoreOptions) {
    super(options);
    this.keys = new PackedKeys(options.prefix);
    this.name = `${options.store.name}/${this.keys.root}`;
  }

  /** Every pack, a page at a time, and the store's clock. What else lies among them is passed over. */
  async *listPacks(): AsyncGenerator<{ packs: StoredPack[]; serverTimeMs: number }, void, void> {
    for await (const { objects, serverTimeMs } of this.list(`${this.keys.root}pack/`)) {
      const packs = objects.flatMap(({ key, sizeBytes, modifiedMs }) => {
        const id = key.slice(key.lastIndexOf("/") + 1);
        return /^[0-9a-f]{64}$/.test(id) && key === this.keys.pack(id) ? [{ id, sizeBytes, modifiedMs }] : [];
      });
      yield { packs, serverTimeMs };
    }
  }

  /** Refuses a key that is not of the packed layout. */
  override async delete(key: string): Promise<void> {
    if (!key.startsWith(this.keys.root)) throw new Error(`${key} is not below ${this.keys.root}`);
    await super.delete(key);
  }
}
