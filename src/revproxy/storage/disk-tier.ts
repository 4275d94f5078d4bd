/** Responses on the disk and in the object store: records (see `record.ts`) and bodies, as named files. */
import { readFileSync } from "node:fs";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { StoredFile } from "../../store/tiered/tiered-store.ts";
import type { HeaderList } from "../semantics/header-list.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import { haveSameVary, variantOf, varyNames } from "../semantics/vary.ts";
import { type CacheRecord, formatRecord, parseRecord, type ResponseRecord } from "./record.ts";
import { bytesBody, fileBody, type StoredBody } from "./stored-body.ts";
import type { FinishedBody, StoredResponse } from "./stored-response.ts";

/** Stores the files; `TieredStore` implements it. */
export interface NamedStore {
  find(name: string): StoredFile | undefined;
  fetch(name: string, check: (path: string) => boolean | Promise<boolean>): Promise<StoredFile | undefined>;
  createTemp(): TempFile;
  keep(name: string, temp: TempFile, options: { upload: boolean }): StoredFile;
  remove(name: string): void;
}

/** A body up to this size is part of its record, which saves a request. */
const INLINE_BYTES = 64 << 10;

/** The oldest are dropped. */
const MAX_OUTDATED = 10_000;

/** No record is larger: its body, and the header fields. */
const MAX_RECORD_BYTES = INLINE_BYTES + (256 << 10);

export class DiskTier {
  readonly #store: NamedStore;
  /** Invalidated URLs that this machine has not stored: responses in the object store don't count for them. */
  readonly #outdated = new BoundedMap<string, true>(MAX_OUTDATED);

  constructor(store: NamedStore) {
    this.#store = store;
  }

  /** Never rejects: damaged responses are misses. */
  async find(url: string, request: HeaderList): Promise<StoredResponse | undefined> {
    if (this.#outdated.get(url) === true) return undefined;
    const primary = await this.#read(primaryName(url), url);
    const isVarying = primary?.record.kind === "vary";
    const found = isVarying ? await this.#readVariant(primary.record, request) : primary;
    if (found === undefined || found.record.kind !== "response") return undefined;
    const { record, inline, name } = found;
    const body = record.body.isInline ? { body: bytesBody(inline), isLocal: true } : await this.#body(record);
    if (body === undefined) return undefined;
    const isLocal = found.isLocal && body.isLocal && primary?.isLocal === true;
    return this.#response({ name, record, inline, body: body.body, place: isLocal ? "local" : "remote" });
  }

  /** Replaces what is stored for equal requests. `upload`: for other machines, too. Throws when the disk fails. */
  keep(
    url: string,
    request: HeaderList,
    head: ResponseHead,
    body: FinishedBody,
    { upload }: { upload: boolean },
  ): void {
    const names = varyNames(head.headers);
    if (names === "*") return;
    this.#outdated.delete(url);
    const isInline = body.sizeBytes <= INLINE_BYTES;
    if (!isInline) this.#keepBody(body, upload);
    const { sha256, sizeBytes } = body;
    const variant = names.length === 0 ? "" : variantOf(names, request);
    const record: ResponseRecord = {
      kind: "response",
      url,
      variant,
      ...head,
      body: { sha256, sizeBytes, isInline },
    };
    const inline = isInline ? bytesOf(body) : undefined;
    if (variant === "") this.#write(primaryName(url), record, { upload, inline });
    else {
      const generation = this.#ensureMarker(url, names, upload);
      this.#write(variantName(url, generation, variant), record, { upload, inline });
    }
    if ("temp" in body) body.temp.discard();
  }

  /**
   * The same as `remove`. For a URL that this machine has never stored, the invalidation stays in memory: responses in
   * the object store no longer count for this process.
   */
  invalidate(url: string): void {
    if (this.#readLocal(primaryName(url)) === undefined) this.#outdated.set(url, true);
    else this.remove(url);
  }

  /** Marks the responses of a URL as outdated, for other machines, too. Never throws. */
  remove(url: string): void {
    const known = this.#readLocal(primaryName(url));
    if (known === undefined || known.kind === "gone") return;
    try {
      this.#write(primaryName(url), { kind: "gone", url }, { upload: true });
    } catch {
      this.#store.remove(primaryName(url));
    }
  }

  #response(found: {
    name: string;
    record: ResponseRecord;
    inline: Uint8Array;
    body: StoredBody;
    place: "local" | "remote";
  }): StoredResponse {
    const { name, record, inline, body, place } = found;
    const { status, headers, requestedMs, receivedMs } = record;
    return {
      head: { status, headers, requestedMs, receivedMs },
      body,
      place,
      update: async (head, options) => {
        const fresh = { ...record, ...head };
        // Only if it was not replaced meanwhile, and still answers the same requests.
        const isInPlace = this.#holds(name, record) && haveSameVary(headers, head.headers);
        if (isInPlace) this.#tryWrite(name, fresh, { ...options, inline });
        return this.#response({ ...found, record: fresh });
      },
    };
  }

  #tryWrite(name: string, record: ResponseRecord, options: { upload: boolean; inline: Uint8Array }): void {
    try {
      this.#write(name, record, options);
    } catch {
      // The disk is full; the next request revalidates again.
    }
  }

  async #readVariant(marker: CacheRecord, request: HeaderList) {
    if (marker.kind !== "vary") return undefined;
    const variant = variantOf(marker.names, request);
    const found = await this.#read(variantName(marker.url, marker.generation, variant), marker.url);
    return found?.record.kind === "response" && found.record.variant === variant ? found : undefined;
  }

  async #read(name: string, url: string) {
    const isLocal = this.#store.find(name) !== undefined;
    const file = await this.#store.fetch(name, (path) => readRecord(path)?.record.url === url);
    const found = file === undefined ? undefined : readRecord(file.path);
    return found === undefined || found.record.url !== url ? undefined : { ...found, name, isLocal };
  }

  /** Whether the stored record still has that body. */
  #holds(name: string, { body }: ResponseRecord): boolean {
    const known = this.#readLocal(name);
    return known?.kind === "response" && known.body.sha256 === body.sha256;
  }

  #readLocal(name: string): CacheRecord | undefined {
    const file = this.#store.find(name);
    return file === undefined ? undefined : readRecord(file.path)?.record;
  }

  async #body({ body }: ResponseRecord): Promise<{ body: StoredBody; isLocal: boolean } | undefined> {
    const name = bodyName(body.sha256);
    const isLocal = this.#store.find(name) !== undefined;
    const { signal } = new AbortController();
    const check = async (path: string) => (await hashFile(path, signal)) === body.sha256;
    const file = await this.#store.fetch(name, check);
    if (file === undefined || file.sizeBytes !== body.sizeBytes) return undefined;
    return { body: fileBody(file.path, 0, file.sizeBytes), isLocal };
  }

  #keepBody(body: FinishedBody, upload: boolean): void {
    const temp = "temp" in body ? body.temp : this.#store.createTemp();
    try {
      if ("bytes" in body) temp.write(body.bytes);
      this.#store.keep(bodyName(body.sha256), temp, { upload });
    } finally {
      // No effect once it was kept.
      temp.discard();
    }
  }

  #ensureMarker(url: string, names: string[], upload: boolean): string {
    const known = this.#readLocal(primaryName(url));
    const isSame = known?.kind === "vary" && known.names.join() === names.join();
    if (isSame) return known.generation;
    const generation = crypto.randomUUID();
    this.#write(primaryName(url), { kind: "vary", url, names, generation }, { upload });
    return generation;
  }

  #write(
    name: string,
    record: CacheRecord,
    { upload, inline }: { upload: boolean; inline?: Uint8Array | undefined },
  ): void {
    const temp = this.#store.createTemp();
    try {
      temp.write(formatRecord(record, inline));
      this.#store.keep(name, temp, { upload });
    } finally {
      // No effect once it was kept.
      temp.discard();
    }
  }
}

function bytesOf(body: FinishedBody): Uint8Array {
  return "bytes" in body ? body.bytes : readFileSync(body.temp.path);
}

function readRecord(path: string) {
  try {
    return parseRecord(readSmallFile(path, MAX_RECORD_BYTES));
  } catch {
    return undefined;
  }
}

function primaryName(url: string): string {
  return `response ${url}`;
}

function variantName(url: string, generation: string, variant: string): string {
  return `response ${url} ${generation} ${variant}`;
}

function bodyName(sha256: string): string {
  return `body ${sha256}`;
}
