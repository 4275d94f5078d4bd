import type { CacheEntry, LocalEntry } from "./entry.ts";
import type { OnMiss } from "./miss-reason.ts";
import type { RemoteBuilds } from "./remote-builds.ts";
import { isTestResult } from "./test-results.ts";

/** Finds the file of an output. */
interface Outputs {
  findOutput(outputId: string): { path: string; sizeBytes: number } | undefined;
}

/** A remote to which no result of a test goes, and from which none is used. */
export class OwnTestResults implements RemoteBuilds {
  readonly #remote: RemoteBuilds;
  readonly #local: Outputs;

  constructor(remote: RemoteBuilds, local: Outputs) {
    this.#remote = remote;
    this.#local = local;
  }

  async get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined> {
    const found = await this.#remote.get(actionId, onMiss);
    return found && this.#isResult(found.outputId) ? undefined : found;
  }

  used(actionId: string): void {
    this.#remote.used(actionId);
  }

  put(entry: LocalEntry): void {
    if (!isTestResult(entry)) this.#remote.put(entry);
  }

  async drain(): Promise<void> {
    await this.#remote.drain();
  }

  async settle(): Promise<void> {
    await this.#remote.settle();
  }

  abort(): void {
    this.#remote.abort();
  }

  #isResult(outputId: string): boolean {
    const output = this.#local.findOutput(outputId);
    return output !== undefined && isTestResult(output);
  }
}
