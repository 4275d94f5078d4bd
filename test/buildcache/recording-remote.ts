import type { CacheEntry, LocalEntry } from "../../src/buildcache/entry.ts";
import type { RemoteBuilds } from "../../src/buildcache/remote-builds.ts";

/** A remote that records its calls and answers from `answers`. */
export class RecordingRemote implements RemoteBuilds {
  readonly lookups: string[] = [];
  readonly puts: LocalEntry[] = [];
  readonly uses: string[] = [];
  readonly answers = new Map<string, Promise<CacheEntry | undefined>>();
  drains = 0;
  settles = 0;

  async get(actionId: string): Promise<CacheEntry | undefined> {
    this.lookups.push(actionId);
    return await this.answers.get(actionId);
  }

  used(actionId: string): void {
    this.uses.push(actionId);
  }

  put(entry: LocalEntry): void {
    this.puts.push(entry);
  }

  async drain(): Promise<void> {
    this.drains++;
  }

  async settle(): Promise<void> {
    this.settles++;
  }

  abort(): void {}
}
