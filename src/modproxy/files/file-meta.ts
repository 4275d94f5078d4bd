/**
 * A note about each stored file: `module-meta/<xx>/<SHA-256 of the name>` as JSON,
 *
 *     {"name":"example.com/a/@v/list","sha256":"…","sizeBytes":12,"fetchedAtMs":1760000000000,"etag":"\"…\""}
 *
 * `verified` means that the file matches the checksum database. The bucket has notes only for files that change, with
 * their age; other programs need none.
 */
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { isCount, isNumber, isSha256, isText, optional, shape } from "../../lib/shape.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { StoredFile, TieredStore } from "../../store/tiered/tiered-store.ts";

export interface FileMeta {
  name: string;
  sha256: string;
  sizeBytes: number;
  /** When the upstream last sent or confirmed this content. */
  fetchedAtMs: number;
  /** The upstream's. */
  etag?: string | undefined;
  verified?: true | undefined;
}

/** Larger notes are ignored. */
export const MAX_META_BYTES = 64 << 10;

/** Others write to the bucket as well, and fields of a note go into requests and answers. */
const isMeta = shape<FileMeta>({
  name: isText,
  sha256: isSha256,
  sizeBytes: isCount,
  fetchedAtMs: isNumber,
  etag: (value): value is string | undefined =>
    optional(isText)(value) && /^[\x20-\x7e\x80-\xff]*$/.test(value ?? ""),
  verified: (value): value is true => value === undefined || value === true,
});

export class MetaFiles {
  readonly #store: TieredStore;

  constructor(store: TieredStore) {
    this.#store = store;
  }

  /** The note on this machine. */
  find(name: string): FileMeta | undefined {
    return readMeta(this.#store.find(name), name);
  }

  /** The note on this machine, or else in the bucket. */
  async fetch(name: string): Promise<FileMeta | undefined> {
    const isGood = (path: string) => readMeta({ path }, name) !== undefined;
    return readMeta(await this.#store.fetch(name, isGood), name);
  }

  /** Never throws: a missing note is made again at the file's next use. */
  save(meta: FileMeta, options: { upload: boolean }): void {
    let temp: TempFile | undefined;
    try {
      temp = this.#store.createTemp();
      temp.write(Buffer.from(`${JSON.stringify(meta)}\n`));
      this.#store.keep(meta.name, temp, options);
    } catch {
      temp?.discard();
    }
  }

  remove(name: string): void {
    this.#store.remove(name);
  }
}

function readMeta(file: Pick<StoredFile, "path"> | undefined, name: string): FileMeta | undefined {
  const meta = file && new StateFile(file.path, jsonOf(isMeta), MAX_META_BYTES).load();
  return meta?.name === name ? meta : undefined;
}
