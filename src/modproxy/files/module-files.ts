import { readFileSync } from "node:fs";
import type { ModRequest } from "../names/mod-request.ts";
import { ChangingFiles } from "./changing-files.ts";
import { FixedFiles, type FixedFilesOptions } from "./fixed-files.ts";
import { isMutable } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";
import { UpstreamFetches } from "./upstream-fetches.ts";
import type { UpstreamFiles } from "./upstream-files.ts";

/** A module proxy's files from the disk, the bucket or the upstream. */
export class ModuleFiles {
  readonly #options: Omit<FixedFilesOptions, "fetches">;
  readonly #fetches: UpstreamFetches;
  readonly #fixed: FixedFiles;
  readonly #changing: ChangingFiles;

  constructor(options: Omit<FixedFilesOptions, "fetches"> & { upstream: UpstreamFiles }) {
    this.#options = options;
    this.#fetches = new UpstreamFetches(options.upstream);
    this.#fixed = new FixedFiles({ ...options, fetches: this.#fetches });
    this.#changing = new ChangingFiles(options.storage, this.#fetches);
  }

  /** Rejects with a `ModError`. `mayFetch`: whether the upstream may be asked. */
  async get(request: ModRequest, { mayFetch }: { mayFetch: boolean }): Promise<ModFile | GrowingFile> {
    return await (isMutable(request) ? this.#changing : this.#fixed).get(request, mayFetch);
  }

  /** The content of a small file. */
  async read(request: ModRequest): Promise<Buffer> {
    const file = await this.get(request, { mayFetch: true });
    if (file instanceof GrowingFile) throw new Error(`${request.name} is not small`);
    return file.bytes ?? readFileSync(file.path);
  }

  /** Fetches a file that never changes, and resolves when it is stored. Rejects with a `ModError`. */
  async refetch(request: ModRequest): Promise<void> {
    const file = await this.#fetches.fetch(request);
    if (file instanceof GrowingFile) await file.settled();
    else this.#options.onUse(request, file);
  }

  /** Removes a file that was found wrong, so that the next request fetches it again. */
  forget(name: string): void {
    this.#options.storage.remove(name);
    this.#fetches.forgetAbsence(name);
  }
}
