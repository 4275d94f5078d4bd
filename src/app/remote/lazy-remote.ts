import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import { IdList } from "../../lib/id-list.ts";
import { isSha256 } from "../../lib/shape.ts";
import { noRemote } from "./no-remote.ts";

/**
 * A remote that is loaded at its first use: a build that is local throughout should not pay for it.
 * A remote that can't be opened (a bad endpoint, say) misses, and ignores puts.
 */
export class LazyRemote implements RemoteBuilds {
  readonly #load: () => Promise<RemoteBuilds>;
  readonly #settles: boolean;
  #loading: Promise<RemoteBuilds> | undefined;
  #loaded: RemoteBuilds | undefined;
  #isAborted = false;
  /** Puts from before the remote was loaded. */
  readonly #early: LocalEntry[] = [];
  /** Actions that were hit before it was loaded: all of a session that is local throughout. */
  readonly #used = new IdList();

  /**
   * `load` may reject; then `onFailure` is called once. `settles`: the remote records what was used, also by a session
   * that makes no other request.
   */
  constructor(
    load: () => Promise<RemoteBuilds>,
    { settles, onFailure }: { settles: boolean; onFailure: (error: unknown) => void },
  ) {
    this.#settles = settles;
    this.#load = () =>
      load().catch((error) => {
        onFailure(error);
        return noRemote("fault");
      });
  }

  /** Whether any request was made. */
  get isInUse(): boolean {
    return this.#loading !== undefined;
  }

  async get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined> {
    const remote = await this.#remote();
    if (!this.#isAborted) return await remote.get(actionId, onMiss);
    onMiss?.("fault");
    return undefined;
  }

  /** go's ids are SHA-256 sums; no remote records others. */
  used(actionId: string): void {
    if (this.#loaded !== undefined) this.#loaded.used(actionId);
    else if (this.#settles && isSha256(actionId)) this.#used.push(actionId);
  }

  put(entry: LocalEntry): void {
    if (this.#loaded !== undefined) {
      this.#loaded.put(entry);
      return;
    }
    this.#early.push(entry);
    void this.#remote();
  }

  async drain(): Promise<void> {
    await (await this.#loading)?.drain();
  }

  async settle(): Promise<void> {
    if (this.#isAborted) return;
    const isWanted = this.#loading !== undefined || this.#used.size > 0;
    if (isWanted) await (await this.#remote()).settle();
  }

  abort(): void {
    this.#isAborted = true;
    this.#loaded?.abort();
  }

  #remote(): Promise<RemoteBuilds> {
    this.#loading ??= this.#load().then((remote) => {
      this.#loaded = remote;
      if (this.#isAborted) {
        remote.abort();
        return remote;
      }
      // Before callers that wait for the loading continue: a drain must not overtake these.
      for (const actionId of this.#used) remote.used(actionId);
      this.#used.clear();
      for (const entry of this.#early.splice(0)) remote.put(entry);
      return remote;
    });
    return this.#loading;
  }
}
