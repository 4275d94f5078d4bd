/**
 * Segments on the local disk, as they are: `<dir>/<id>`. They never change, so each is fetched once, whoever names it.
 * Several processes share the directory without locks. A segment that the disk refuses stays in memory.
 *
 * What a segment says of packs below prefixes that are not read is left out, so that nobody who writes below a prefix
 * that is read can lead a reader elsewhere in the bucket.
 */
import { join } from "node:path";
import { readAt } from "../../../lib/files/read-at.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { removeLink } from "../../../lib/files/remove-link.ts";
import { replaceFile } from "../../../lib/files/replace-file.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { statPlainFile } from "../../../lib/files/stat-file.ts";
import { touchDaily } from "../../../lib/files/touch-daily.ts";
import type { PrefixTest } from "../format/keys.ts";
import { Segment, type SegmentBytes } from "../format/segment.ts";
import { newSegment, segmentId } from "../format/segment-builder.ts";
import { MAX_SEGMENT_BYTES } from "../format/segment-layout.ts";

/** Some 140 rows: a single lookup reads little more than it needs. */
const AHEAD_BYTES = 8 << 10;

export class SegmentFiles {
  /** The prefixes whose packs and segments are used. */
  readonly isRead: PrefixTest;
  readonly #dir: string;
  /** Weak: as long as an index uses them. */
  readonly #open = new Map<string, WeakRef<Segment>>();
  /** Those that the disk refused. */
  readonly #unsaved = new Map<string, Buffer<ArrayBuffer>>();

  constructor(dir: string, isRead: PrefixTest) {
    this.#dir = dir;
    this.isRead = isRead;
    // A symbolic link may lead out of the cache directory.
    removeLink(dir);
  }

  /** `undefined`: it is not on the disk, or can't be used. */
  open(id: string): Segment | undefined {
    const known = this.#open.get(id)?.deref();
    if (known !== undefined) return known;
    const unsaved = this.#unsaved.get(id);
    if (unsaved !== undefined) return newSegment(unsaved, this.isRead).segment;
    const path = this.#path(id);
    const sizeBytes = statPlainFile(path)?.size;
    if (sizeBytes === undefined) return undefined;
    try {
      const segment = new Segment(id, inFile(path, sizeBytes), this.isRead);
      touchDaily(path);
      this.#open.set(id, new WeakRef(segment));
      return segment;
    } catch {
      // A crash of the machine can leave any bytes.
      removeFile(path);
      return undefined;
    }
  }

  /** Keeps a segment whose hash the caller has checked. */
  save(id: string, bytes: Buffer<ArrayBuffer>): Segment {
    try {
      replaceFile(this.#path(id), bytes);
    } catch {
      this.#unsaved.set(id, bytes);
    }
    return this.open(id) ?? newSegment(bytes, this.isRead).segment;
  }

  /** The bytes, checked; `undefined`: they are not here, or have changed. */
  read(id: string): Buffer<ArrayBuffer> | undefined {
    const unsaved = this.#unsaved.get(id);
    if (unsaved !== undefined) return unsaved;
    try {
      const bytes = readSmallFile(this.#path(id), MAX_SEGMENT_BYTES);
      if (segmentId(bytes) === id) return bytes;
      this.remove(id);
    } catch {
      // It is not here.
    }
    return undefined;
  }

  /** Removes a segment that can't be used, so that it is fetched again. */
  remove(id: string): void {
    this.#open.delete(id);
    this.#unsaved.delete(id);
    removeFile(this.#path(id));
  }

  #path(id: string): string {
    return join(this.#dir, id);
  }
}

/** Keeps what follows the last short read: who looks many actions up in their order next needs that. */
function inFile(path: string, sizeBytes: number): SegmentBytes {
  let start = 0;
  let ahead: Buffer<ArrayBuffer> = Buffer.alloc(0);
  return {
    sizeBytes,
    read(offset, length) {
      const leftBytes = sizeBytes - offset;
      // The caller may free what is no view of more.
      if (length >= Math.min(AHEAD_BYTES, leftBytes)) return readAt(path, offset, length);
      if (offset < start || offset + length > start + ahead.length) {
        ahead = readAt(path, offset, Math.min(AHEAD_BYTES, leftBytes));
        start = offset;
      }
      return ahead.subarray(offset - start, offset - start + length);
    },
  };
}
