/**
 * What is known of a stored file, beside it: `module-meta/<xx>/<SHA-256 of the name>` as JSON,
 *
 *     {"name":"example.com/a/@v/list","sha256":"…","sizeBytes":12,"fetchedAtMs":1760000000000,"etag":"\"…\""}
 *
 * `verified` is there when the file was found to be what the checksum database says. In the bucket there is one only
 * for files that change, whose age it tells; other programs need none.
 */
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { isCount, isNumber, isSha256, isText, optional, shape } from "../../lib/shape.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { StoredFile, TieredStore } from "../../store/tiered/tiered-store.ts";

export interface FileMeta {
  name: string;
  sha256: string;
  sizeBytes: number;
  /** When the upstream was asked last, and had this. */
  fetchedAtMs: number;
  /** The upstream's. */
  etag?: string | undefined;
  verified?: true;
}

/** None is larger. */
export const MAX_META_BYTES = 64 << 10;

/** The bucket is written by others as well; what it says goes into requests and answers. */
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

  /** What this machine knows. */
  find(name: string): FileMeta | undefined {
    return readMeta(this.#store.find(name), name);
  }

  /** What this machine or the bucket knows. */
  async fetch(name: string): Promise<FileMeta | undefined> {
    const isGood = (path: string) => readMeta({ path }, name) !== undefined;
    return readMeta(await this.#store.fetch(name, isGood), name);
  }

  /** Never throws: what is not known is found out again. */
  save(meta: FileMeta, options: { upload: boolean }): void {
    let temp: TempFile | undefined;
    try {
      temp = this.#store.createTemp();
      temp.write(Buffer.from(`${JSON.stringify(meta)}\n`));
      this.#store.keep(meta.name, temp, options);
    } catch {
      // A disk that takes nothing.
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
