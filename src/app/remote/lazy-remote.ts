import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import { noRemote } from "./no-remote.ts";

/**
 * A remote that is loaded with its first use: what a build that is local throughout never needs should not cost it
 * anything. A remote that can't be made (a bad endpoint, say) misses and takes nothing.
 */
export class LazyRemote implements RemoteBuilds {
  readonly #load: () => Promise<RemoteBuilds>;
  readonly #settles: boolean;
  #loading: Promise<RemoteBuilds> | undefined;
  #loaded: RemoteBuilds | undefined;
  #isAborted = false;
  /** What was put while the remote was loading. */
  readonly #early: LocalEntry[] = [];
  /** What was used before it was loaded. */
  readonly #used: LocalEntry[] = [];

  /**
   * `load` may reject; `onFailure` is then told why, once. `settles`: it wants to know what was used, also of a session
   * that needs nothing else of it.
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

  /** Whether anything was ever asked of it. */
  get isInUse(): boolean {
    return this.#loading !== undefined;
  }

  async get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined> {
    const remote = await this.#remote();
    if (!this.#isAborted) return await remote.get(actionId, onMiss);
    onMiss?.("fault");
    return undefined;
  }

  used(entry: LocalEntry): void {
    if (this.#loaded !== undefined) this.#loaded.used(entry);
    else if (this.#settles) this.#used.push(entry);
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
    const isWanted = this.#loading !== undefined || this.#used.length > 0;
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
      // Before anybody who waits for the loading goes on: a drain must not overtake them.
      for (const entry of this.#used) remote.used(entry);
      for (const entry of this.#early) remote.put(entry);
      return remote;
    });
    return this.#loading;
  }
}
