/** Stored responses: short-lived ones in memory, long-lived ones on the disk and in the object store. */
import type { TempFile } from "../../store/local/temp-file.ts";
import { formatResource, type Resource } from "../resource.ts";
import type { HeaderList } from "../semantics/header-list.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import type { Retention } from "../semantics/storable.ts";
import { DiskTier, type NamedStore } from "./disk-tier.ts";
import { LegacyTier } from "./legacy-tier.ts";
import { MemoryTier } from "./memory-tier.ts";
import type { FinishedBody, StoredResponse } from "./stored-response.ts";

/** A larger short-lived response goes to the disk, but not to the object store. */
const MAX_IN_MEMORY_BYTES = 1 << 20;

export class ResponseCache {
  readonly #store: NamedStore;
  readonly #memory: MemoryTier;
  readonly #disk: DiskTier;
  readonly #legacy: LegacyTier;

  constructor(options: { store: NamedStore; memoryBytes: number; isSingleHost: boolean }) {
    const { store, memoryBytes, isSingleHost } = options;
    this.#store = store;
    this.#memory = new MemoryTier(memoryBytes);
    this.#disk = new DiskTier(store);
    this.#legacy = new LegacyTier({ store, disk: this.#disk, isSingleHost });
  }

  /** The stored response for a request, however old. Never rejects. */
  async find(resource: Resource, request: HeaderList): Promise<StoredResponse | undefined> {
    const url = formatResource(resource);
    const near = this.#memory.find(url, request) ?? (await this.#disk.find(url, request));
    return near ?? (await this.#legacy.find(resource, request));
  }

  /** Replaces what is stored for equal requests. Throws when the disk fails. */
  keep(
    resource: Resource,
    request: HeaderList,
    head: ResponseHead,
    { body, retention }: { body: FinishedBody; retention: Retention },
  ): void {
    const url = formatResource(resource);
    if (retention === "short" && "bytes" in body && body.sizeBytes <= MAX_IN_MEMORY_BYTES) {
      // An older response must not come back when this one is evicted.
      this.#disk.remove(url);
      this.#memory.keep(url, request, head, body.bytes);
      return;
    }
    this.#disk.keep(url, request, head, body, { upload: retention === "long" });
    this.#memory.remove(url);
  }

  /** The stored responses are outdated. Never throws. */
  remove(resource: Resource): void {
    const url = formatResource(resource);
    this.#memory.remove(url);
    this.#disk.invalidate(url);
  }

  createTemp(): TempFile {
    return this.#store.createTemp();
  }
}
