import type { LocalEntry } from "../../../buildcache/entry.ts";
import type { RemoteBuilds } from "../../../buildcache/remote-builds.ts";
import type { BothLayouts } from "../../../remote/both-layouts.ts";
import type { PackedRemote } from "../../../remote/packed/packed-remote.ts";
import type { ReadSession } from "../../../remote/read-session.ts";
import type { Scope } from "../../../remote/scope/scope.ts";

/** The remote of all sessions of one scope and platform; see `RemotePool`. */
export class ScopeRemote {
  readonly scope: Scope;
  readonly remote: PackedRemote | BothLayouts;
  #sessions = 0;
  #usedMs = performance.now();
  #storing: Promise<void> | undefined;
  #isStoreWanted = false;

  constructor(scope: Scope, remote: PackedRemote | BothLayouts) {
    this.scope = scope;
    this.remote = remote;
  }

  /** The number of open sessions. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Milliseconds since the last session ended; 0 while there is one. */
  get idleMs(): number {
    return this.#sessions > 0 ? 0 : performance.now() - this.#usedMs;
  }

  /** The remote of one session. The session's own waits decide whether it bypasses the bucket. `settle` ends it. */
  openSession(session: ReadSession): RemoteBuilds {
    const { remote } = this;
    this.#sessions++;
    return {
      get: (actionId, onMiss) => remote.get(actionId, onMiss, session),
      used: (actionId) => remote.used(actionId),
      put: (entry: LocalEntry) => remote.put(entry, session),
      // The server uploads in the background; go need not wait for it.
      drain: async () => {},
      settle: async () => this.#endSession(),
      abort: () => {},
    };
  }

  /** Uploads new entries; once more if others are put meanwhile. Never rejects. */
  async store(): Promise<void> {
    this.#isStoreWanted = true;
    this.#storing ??= this.#storeAll();
    await this.#storing;
  }

  /** Uploads new entries, and says that this machine adds nothing more to the run. Never rejects. */
  async end(): Promise<void> {
    await this.store();
    await this.remote.endRun();
  }

  async #storeAll(): Promise<void> {
    while (this.#isStoreWanted) {
      this.#isStoreWanted = false;
      await this.remote.store();
    }
    // Cleared in the same tick as the check, so that no caller joins a finished run.
    this.#storing = undefined;
  }

  #endSession(): void {
    this.#sessions--;
    this.#usedMs = performance.now();
    void this.store();
  }
}
