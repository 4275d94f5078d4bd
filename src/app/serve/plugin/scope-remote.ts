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

  /** How many sessions there are now. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Milliseconds since a session was last there; 0 while there is one. */
  get idleMs(): number {
    return this.#sessions > 0 ? 0 : performance.now() - this.#usedMs;
  }

  /** What a session asks; its own waiting decides whether asking is worth it. Its `drain` ends it. */
  openSession(session: ReadSession): RemoteBuilds {
    const { remote } = this;
    this.#sessions++;
    return {
      get: (actionId, onMiss) => remote.get(actionId, onMiss, session),
      used: (entry: LocalEntry) => remote.used(entry),
      put: (entry: LocalEntry) => remote.put(entry, session),
      // The server goes on; go need not wait for it.
      drain: async () => {},
      settle: async () => this.#endSession(),
      abort: () => {},
    };
  }

  /** Brings what is new into the bucket; once more if something comes meanwhile. Never rejects. */
  async store(): Promise<void> {
    this.#isStoreWanted = true;
    this.#storing ??= this.#storeAll();
    await this.#storing;
  }

  async #storeAll(): Promise<void> {
    while (this.#isStoreWanted) {
      this.#isStoreWanted = false;
      await this.remote.store();
    }
    // In the same breath as the look at what is wanted: nobody may join one that is over.
    this.#storing = undefined;
  }

  #endSession(): void {
    this.#sessions--;
    this.#usedMs = performance.now();
    void this.store();
  }
}
