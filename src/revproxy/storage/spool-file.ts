import type { TempFile } from "../../store/local/temp-file.ts";

export interface SpoolFileOptions {
  /** Throws when the disk takes nothing. */
  createTemp: () => TempFile;
  /** The bytes to write from `offset` on; `undefined` while there are none. */
  next: (offset: number) => Uint8Array | undefined;
  onCreate: (path: string) => void;
  /** Called after each write, and when the file is given up. */
  onProgress: () => void;
}

/** The file of a body, which another thread writes. Created at the first write. */
export class SpoolFile {
  readonly #options: SpoolFileOptions;
  #temp: TempFile | undefined;
  /** Never rejects. */
  #writing: Promise<void> | undefined;
  #isAbandoned = false;

  constructor(options: SpoolFileOptions) {
    this.#options = options;
  }

  get exists(): boolean {
    return this.#temp !== undefined;
  }

  get sizeBytes(): number {
    return this.#temp?.sizeBytes ?? 0;
  }

  /** Nothing more is written: the disk is full, the body too large, or it broke off. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  abandon(): void {
    this.#isAbandoned = true;
  }

  /** Writes all that there is and that comes meanwhile. */
  write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Waits for the last write. Resolves with the whole file; `undefined`: none was made, or it was abandoned. */
  async close(): Promise<TempFile | undefined> {
    await this.#writing;
    if (!this.#isAbandoned) return this.#temp;
    this.#temp?.discard();
    return undefined;
  }

  async #writeAll(): Promise<void> {
    const { createTemp, next, onCreate, onProgress } = this.#options;
    try {
      if (this.#temp === undefined) {
        this.#temp = createTemp();
        onCreate(this.#temp.path);
      }
      for (;;) {
        const bytes = this.#isAbandoned ? undefined : next(this.#temp.sizeBytes);
        if (bytes === undefined) return;
        await this.#temp.writeAside(bytes);
        onProgress();
      }
    } catch {
      this.#isAbandoned = true;
      onProgress();
    }
  }
}
