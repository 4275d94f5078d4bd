import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { GoCache } from "../../gocache/go-cache.ts";
import type { NativeCache } from "./native-caches.ts";
import { PartBucket, type PartOptions } from "./part-bucket.ts";
import { StartNote } from "./start-note.ts";

/** A cache of a job in the format of go's own, and its runs in the bucket. */
export class NativePart {
  readonly cache: NativeCache;
  readonly local: GoCache;
  readonly note: StartNote;
  readonly bucket: PartBucket;

  /** `options`: with the scope of the job. */
  constructor(cache: NativeCache, options: PartOptions) {
    const { scope, root } = options;
    this.cache = cache;
    this.note = new StartNote(root, cache.path, scope);
    this.local = new GoCache(cache.path, this.note.startMs(Date.now()));
    this.bucket = new PartBucket(cache, options);
  }

  /** Whether a job may do without: then nothing is made or said until there is something to restore or to save. */
  get isOptional(): boolean {
    return this.cache.name !== "build";
  }

  /** Throws unless go, or a linter, can write to it. The directory of an optional part is made with the first file. */
  checkWritable(): void {
    const { path } = this.cache;
    const isMissing = statSync(path, { throwIfNoEntry: false }) === undefined;
    if (this.isOptional && isMissing) return;
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  }
}
