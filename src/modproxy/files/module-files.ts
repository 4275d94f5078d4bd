import { readFileSync } from "node:fs";
import type { ModRequest } from "../names/mod-request.ts";
import { ChangingFiles } from "./changing-files.ts";
import { FixedFiles, type FixedFilesOptions } from "./fixed-files.ts";
import { isMutable } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";

/** A module proxy's files from the disk, the bucket or the upstream. */
export class ModuleFiles {
  readonly #options: FixedFilesOptions;
  readonly #fixed: FixedFiles;
  readonly #changing: ChangingFiles;

  constructor(options: FixedFilesOptions) {
    this.#options = options;
    this.#fixed = new FixedFiles(options);
    this.#changing = new ChangingFiles(options.storage, options.upstream);
  }

  /** Rejects with a `ModError`. `mayFetch`: whether the upstream may be queried. */
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
    const file = await this.#options.upstream.fetch(request);
    if (file instanceof GrowingFile) await file.settled();
    else this.#options.onUse(request, file);
  }

  /** Removes a file that was found wrong, so that the next request fetches it again. */
  forget(name: string): void {
    this.#options.storage.remove(name);
    this.#options.inline.forget(name);
    this.#options.upstream.forgetAbsence(name);
  }
}
