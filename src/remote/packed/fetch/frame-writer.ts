import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import type { Counters } from "../../../lib/counters.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PrefetchRoom } from "./prefetch-room.ts";
import type { WantedOutput } from "./wanted-output.ts";
import { expandOutput, expandOutputAside, writeOutput } from "./write-output.ts";

/** Outputs from this size on are expanded on another thread. */
const ASIDE_BYTES = 128 << 10;
const MAX_WRITERS = 3;

/**
 * Checks received frames and writes their outputs to the local disk. Writes awaited outputs at once, and the others a
 * few at a time between go's requests, so that no request waits long.
 */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  readonly #buffered: WantedOutput[] = [];
  #writers = 0;

  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  /** Takes the frame of an output and marks the output as written or failed later. */
  take(output: WantedOutput, frame: Uint8Array<ArrayBuffer>): void {
    if (output.stage === "done") return;
    output.buffer(frame);
    this.#options.counters.add("prefetch_bytes", frame.length);
    if (output.isAwaited) this.writeNow(output);
    else this.#buffered.push(output);
    while (this.#writers < MAX_WRITERS && this.#buffered.length > this.#writers) {
      this.#writers++;
      void this.#writeBuffered().finally(() => this.#writers--);
    }
  }

  /** Writes an output if its frame has arrived and no other call is writing it. */
  writeNow(output: WantedOutput): void {
    const frame = output.takeFrame();
    if (frame === undefined) return;
    try {
      this.#write(output, expandOutput(output, frame));
    } catch (error) {
      this.#fail(output, error);
    }
  }

  /** Whether all received frames are written. */
  get isIdle(): boolean {
    return this.#writers === 0 && this.#buffered.length === 0;
  }

  /** Resolves when all received frames are written. */
  async finish(): Promise<void> {
    await this.#writeBuffered();
    while (this.#writers > 0) await new Promise(setImmediate);
  }

  async #writeBuffered(): Promise<void> {
    await new Promise(setImmediate);
    for (let output = this.#buffered.shift(); output !== undefined; output = this.#buffered.shift()) {
      // Go was faster. The list would grow without end if it took a turn of the event loop to skip one.
      if (output.stage !== "buffered") continue;
      if (output.sizeBytes >= ASIDE_BYTES) await this.#writeAside(output);
      else this.writeNow(output);
      await new Promise(setImmediate);
    }
  }

  /** Expands a large output on another thread, so that this one can continue to answer go. */
  async #writeAside(output: WantedOutput): Promise<void> {
    const frame = output.takeFrame();
    if (frame === undefined) return;
    try {
      this.#write(output, await expandOutputAside(output, frame));
    } catch (error) {
      this.#fail(output, error);
    }
  }

  #write(output: WantedOutput, bytes: Uint8Array<ArrayBuffer>): void {
    const addedBytes = writeOutput(output, bytes, this.#options.local);
    freeBuffer(bytes);
    this.#options.room?.add(addedBytes);
    this.#options.counters.add("prefetch_outputs");
    output.written();
  }

  #fail(output: WantedOutput, error: unknown): void {
    const isWrong = error instanceof WrongBytesError;
    if (isWrong) this.#options.onBadPack(output.place.pack.id, error);
    output.failed(isWrong ? error : undefined);
  }
}

interface FrameWriterOptions {
  local: LocalBuilds;
  counters: Counters;
  room?: Pick<PrefetchRoom, "add"> | undefined;
  /** Called when a pack differs from its record. */
  onBadPack: (packId: string, error: unknown) => void;
}
