/** Short-lived, small responses in memory; the least recently used are evicted. */

import type { HeaderList } from "../semantics/header-list.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import { haveSameVary, variantOf, varyNames } from "../semantics/vary.ts";
import { bytesBody } from "./stored-body.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Estimated memory of an entry without its name, head and body. */
const OVERHEAD_BYTES = 2048;

interface Entry {
  head: ResponseHead;
  bytes: Uint8Array;
}

/** Takes the place of a response if its URL has several variants. */
interface Marker {
  names: string[];
  generation: string;
}

export class MemoryTier {
  readonly #maxBytes: number;
  /** By name, the least recently used first. */
  readonly #items = new Map<string, Entry | Marker>();
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  find(url: string, request: HeaderList): StoredResponse | undefined {
    const primary = this.#items.get(url);
    if (primary === undefined) return undefined;
    if ("head" in primary) return this.#use(url, primary);
    this.#touch(url, primary);
    const name = variantName(url, primary, request);
    const variant = this.#items.get(name);
    return variant !== undefined && "head" in variant ? this.#use(name, variant) : undefined;
  }

  /** Replaces what is stored for equal requests. */
  keep(url: string, request: HeaderList, head: ResponseHead, bytes: Uint8Array): void {
    const names = varyNames(head.headers);
    if (names === "*") return;
    if (names.length === 0) {
      this.#put(url, { head, bytes });
      return;
    }
    const known = this.#items.get(url);
    const isSame = known !== undefined && "names" in known && known.names.join() === names.join();
    const marker = isSame ? known : { names, generation: crypto.randomUUID() };
    this.#put(url, marker);
    this.#put(variantName(url, marker, request), { head, bytes });
  }

  /** Removes the responses of a URL. */
  remove(url: string): void {
    const item = this.#items.get(url);
    if (item === undefined) return;
    this.#items.delete(url);
    this.#usedBytes -= sizeOf(url, item);
  }

  #use(name: string, entry: Entry): StoredResponse {
    this.#touch(name, entry);
    return this.#response(name, entry);
  }

  #response(name: string, entry: Entry): StoredResponse {
    return {
      head: entry.head,
      body: bytesBody(entry.bytes),
      place: "memory",
      update: async (head) => {
        const fresh = { head, bytes: entry.bytes };
        // Only if it was not replaced meanwhile, and still answers the same requests.
        const isInPlace = this.#items.get(name) === entry && haveSameVary(entry.head.headers, head.headers);
        if (isInPlace) this.#put(name, fresh);
        return this.#response(name, fresh);
      },
    };
  }

  #put(name: string, item: Entry | Marker): void {
    this.remove(name);
    this.#items.set(name, item);
    this.#usedBytes += sizeOf(name, item);
    for (const oldest of this.#items.keys()) {
      if (this.#usedBytes <= this.#maxBytes) break;
      this.remove(oldest);
    }
  }

  #touch(name: string, item: Entry | Marker): void {
    if (this.#items.delete(name)) this.#items.set(name, item);
  }
}

function variantName(url: string, { names, generation }: Marker, request: HeaderList): string {
  return `${url} ${generation} ${variantOf(names, request)}`;
}

function sizeOf(name: string, item: Entry | Marker): number {
  const texts = "bytes" in item ? item.head.headers.flat() : item.names;
  const textBytes = texts.reduce((sum, text) => sum + text.length, name.length);
  return OVERHEAD_BYTES + textBytes + ("bytes" in item ? item.bytes.length : 0);
}
