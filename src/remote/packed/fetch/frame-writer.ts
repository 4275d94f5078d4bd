import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import type { Counters } from "../../../lib/counters.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { WantedOutput } from "./wanted-output.ts";
import { expandOutput, expandOutputAside, writeOutput } from "./write-output.ts";

/** Outputs expanded on other threads, and how many at once. */
const ASIDE_BYTES = 128 << 10;
const MAX_WRITERS = 3;

/**
 * Checks frames that have come and writes their outputs to the local disk: at once those that go waits for, the others
 * between requests of go, a few at a time, so that none of its requests waits long for them.
 */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  readonly #held: WantedOutput[] = [];
  #writers = 0;

  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  /** Takes the frame of an output, which is settled when it is written. */
  take(output: WantedOutput, frame: Uint8Array<ArrayBuffer>): void {
    if (output.stage === "done") return;
    output.hold(frame);
    this.#options.counters.add("prefetch_bytes", frame.length);
    if (output.isDemanded) this.writeNow(output);
    else this.#held.push(output);
    while (this.#writers < MAX_WRITERS && this.#held.length > this.#writers) {
      this.#writers++;
      void this.#writeHeld().finally(() => this.#writers--);
    }
  }

  /** Writes an output whose frame has come, if nobody does already. */
  writeNow(output: WantedOutput): void {
    const frame = output.takeFrame();
    if (frame === undefined) return;
    try {
      this.#write(output, expandOutput(output, frame));
    } catch (error) {
      this.#fail(output, error);
    }
  }

  /** Resolves when all frames that have come are written. */
  async finish(): Promise<void> {
    await this.#writeHeld();
    while (this.#writers > 0) await new Promise(setImmediate);
  }

  async #writeHeld(): Promise<void> {
    await new Promise(setImmediate);
    for (let output = this.#held.shift(); output !== undefined; output = this.#held.shift()) {
      if (output.sizeBytes >= ASIDE_BYTES) await this.#writeAside(output);
      else this.writeNow(output);
      await new Promise(setImmediate);
    }
  }

  /** A large one keeps another processor busy while this one goes on answering. */
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
    writeOutput(output, bytes, this.#options.local);
    freeBuffer(bytes);
    this.#options.counters.add("prefetch_outputs");
    output.placed();
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
  /** This pack is not what its record says. */
  onBadPack: (packId: string, error: unknown) => void;
}
