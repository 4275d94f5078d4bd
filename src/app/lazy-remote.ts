import type { RemoteBuilds, RemoteEntry, StoredEntry } from "../buildcache/remote-builds.ts";

/**
 * A remote that is loaded with its first use: what a build that is local throughout never needs should not cost it
 * anything. A remote that can't be made (a bad endpoint, say) misses and takes nothing.
 */
export class LazyRemote implements RemoteBuilds {
  readonly #load: () => Promise<RemoteBuilds>;
  #loading: Promise<RemoteBuilds | undefined> | undefined;
  #loaded: RemoteBuilds | undefined;
  #isAborted = false;

  /** `load` may reject; `onFailure` is then told why, once. */
  constructor(load: () => Promise<RemoteBuilds>, onFailure: (error: unknown) => void) {
    this.#load = () =>
      load().catch((error) => {
        onFailure(error);
        return NOTHING;
      });
  }

  /** Whether anything was ever asked of it. */
  get isInUse(): boolean {
    return this.#loading !== undefined;
  }

  async get(actionId: string): Promise<RemoteEntry | undefined> {
    return await (await this.#remote())?.get(actionId);
  }

  put(entry: StoredEntry): void {
    if (this.#loaded !== undefined) this.#loaded.put(entry);
    else void this.#remote().then((remote) => remote?.put(entry));
  }

  async drain(): Promise<void> {
    await (await this.#loading)?.drain();
  }

  abort(): void {
    this.#isAborted = true;
    this.#loaded?.abort();
  }

  async #remote(): Promise<RemoteBuilds | undefined> {
    this.#loading ??= this.#load().then((remote) => {
      this.#loaded = remote;
      return remote;
    });
    const remote = await this.#loading;
    return this.#isAborted ? undefined : remote;
  }
}

const NOTHING: RemoteBuilds = {
  get: async () => undefined,
  put: () => {},
  drain: async () => {},
  abort: () => {},
};
