/** Responses that tailscale/go-cache-plugin left in the cache directory and bucket; see `legacy-object.ts`. */
import { open } from "node:fs/promises";
import type { TempFile } from "../../store/local/temp-file.ts";
import { formatResource, type Resource } from "../resource.ts";
import type { HeaderList } from "../semantics/header-list.ts";
import type { DiskTier, NamedStore } from "./disk-tier.ts";
import { type LegacyObject, parseLegacyObject } from "./legacy-object.ts";
import { fileBody, type StoredBody } from "./stored-body.ts";
import type { StoredResponse } from "./stored-response.ts";

const START_BYTES = 8192;

export class LegacyTier {
  readonly #store: NamedStore;
  readonly #disk: DiskTier;
  /** Whether a path identifies a response: responses over TLS were stored by their path only. */
  readonly #isSingleHost: boolean;

  constructor(options: { store: NamedStore; disk: DiskTier; isSingleHost: boolean }) {
    this.#store = options.store;
    this.#disk = options.disk;
    this.#isSingleHost = options.isSingleHost;
  }

  /** A response that must be validated before it is used, which moves it into `disk`. Never rejects. */
  async find(resource: Resource, request: HeaderList): Promise<StoredResponse | undefined> {
    if (resource.scheme === "https" && !this.#isSingleHost) return undefined;
    const url = formatResource(resource);
    const name = resource.scheme === "https" ? resource.path : url;
    const isLocal = this.#store.find(name) !== undefined;
    const file = await this.#store.fetch(name, async (path) => (await readStart(path)) !== undefined);
    const found = file === undefined ? undefined : await readStart(file.path);
    if (file === undefined || found === undefined) return undefined;
    const { headers, bodyOffset } = found;
    const sizeBytes = file.sizeBytes - bodyOffset;
    const body = fileBody(file.path, bodyOffset, sizeBytes);
    const place = isLocal ? "local" : "remote";
    const copy = () => this.#copy(fileBody(file.path, bodyOffset, sizeBytes));
    const response: StoredResponse = {
      head: { status: 200, headers, requestedMs: 0, receivedMs: 0 },
      body,
      place,
      update: async (head, options) => {
        const copied = await copy();
        if (copied !== undefined) this.#keep(url, request, head, copied, options);
        return { ...response, head };
      },
    };
    return response;
  }

  #keep(
    url: string,
    request: HeaderList,
    head: StoredResponse["head"],
    { temp, sha256 }: { temp: TempFile; sha256: string },
    options: { upload: boolean },
  ): void {
    const { sizeBytes } = temp;
    try {
      this.#disk.keep(url, request, head, { temp, sha256, sizeBytes }, options);
    } catch {
      temp.discard();
    }
  }

  async #copy(body: StoredBody): Promise<{ temp: TempFile; sha256: string } | undefined> {
    const hash = new Bun.CryptoHasher("sha256");
    let temp: TempFile | undefined;
    try {
      temp = this.#store.createTemp();
      for await (const chunk of body.read()) {
        hash.update(chunk);
        temp.write(chunk);
      }
      return { temp, sha256: hash.digest("hex") };
    } catch {
      // The disk is full, or the object was removed.
      temp?.discard();
      return undefined;
    }
  }
}

async function readStart(path: string): Promise<LegacyObject | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const start = Buffer.alloc(START_BYTES);
      const { bytesRead } = await file.read(start, 0, START_BYTES, 0);
      return parseLegacyObject(start.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
