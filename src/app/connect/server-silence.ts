import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/network/listen-address.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** How long one session's word counts; a server that was helped up is asked again soon. */
const BELIEVED_MS = 10_000;

/**
 * What the sessions of a machine tell each other of a server that hangs, by the age of the empty file
 * `state/silent-<hash of its address>`: otherwise each go command in a row would wait for it anew.
 */
export class ServerSilence {
  readonly #path: string;

  /** `root`: a cache directory that these sessions share. */
  constructor(root: string, address: ListenAddress) {
    const hash = Bun.hash(formatListenAddress(address)).toString(16).padStart(16, "0");
    this.#path = join(root, STATE_DIR, `silent-${hash}`);
  }

  /** Whether the server did not answer a moment ago. */
  get isKnown(): boolean {
    const stat = statFile(this.#path);
    return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < BELIEVED_MS;
  }

  /** Never throws: where nothing can be noted, the next session waits. */
  note(): void {
    try {
      makePrivateDir(dirname(this.#path));
      writeFileSync(this.#path, "", { mode: 0o600 });
    } catch {
      // See above.
    }
  }
}
