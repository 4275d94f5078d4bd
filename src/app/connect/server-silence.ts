import { join } from "node:path";
import { BYTES, StateFile } from "../../lib/files/state-file.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/network/listen-address.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** How long a note counts: a restarted server is to be used again soon. */
const BELIEVED_MS = 10_000;

/**
 * A server that hangs, noted for the other sessions of this machine by the age of the empty file
 * `state/silent-<hash of its address>`: otherwise each go command would wait for it again.
 */
export class ServerSilence {
  readonly #file: StateFile<Uint8Array<ArrayBuffer>>;

  /** `root`: a cache directory that these sessions share. */
  constructor(root: string, address: ListenAddress) {
    const hash = Bun.hash(formatListenAddress(address)).toString(16).padStart(16, "0");
    this.#file = new StateFile(join(root, STATE_DIR, `silent-${hash}`), BYTES);
  }

  /** Whether the server did not answer a moment ago. */
  get isKnown(): boolean {
    const { ageMs } = this.#file;
    return ageMs !== undefined && Math.abs(ageMs) < BELIEVED_MS;
  }

  /** Never throws: where nothing can be noted, the next session waits. */
  note(): void {
    this.#file.save(new Uint8Array());
  }
}
