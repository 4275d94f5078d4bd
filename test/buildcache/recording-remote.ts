import type { RemoteBuilds, RemoteEntry, StoredEntry } from "../../src/buildcache/remote-builds.ts";

/** A remote that keeps what it is given and answers with what a test puts into `answers`. */
export class RecordingRemote implements RemoteBuilds {
  readonly asked: string[] = [];
  readonly puts: StoredEntry[] = [];
  readonly uses: StoredEntry[] = [];
  readonly answers = new Map<string, Promise<RemoteEntry | undefined>>();
  drains = 0;
  settles = 0;

  async get(actionId: string): Promise<RemoteEntry | undefined> {
    this.asked.push(actionId);
    return await this.answers.get(actionId);
  }

  used(entry: StoredEntry): void {
    this.uses.push(entry);
  }

  put(entry: StoredEntry): void {
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
