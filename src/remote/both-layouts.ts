import type { LocalEntry } from "../buildcache/entry.ts";
import type { OnMiss } from "../buildcache/miss-reason.ts";
import type { PackedRemote } from "./packed/packed-remote.ts";
import type { ReadSession } from "./read-session.ts";
import type { SplitRemote } from "./split/split-remote.ts";

/** Reads the packed layout, then the split one, and writes both. For a bucket shared with older tools. */
export class BothLayouts {
  readonly #packed: PackedRemote;
  readonly #split: SplitRemote;

  constructor(packed: PackedRemote, split: SplitRemote) {
    this.#packed = packed;
    this.#split = split;
  }

  async get(actionId: string, onMiss?: OnMiss, session?: ReadSession) {
    const packed = await this.#packed.get(actionId, onMiss, session);
    // A store that is too slow for packs is even slower for single objects.
    if (packed !== undefined || this.#packed.isBypassed(session)) return packed;
    const split = await this.#split.get(actionId, onMiss, session);
    if (split !== undefined) this.#packed.used(split.actionId);
    return split;
  }

  used(actionId: string): void {
    this.#packed.used(actionId);
  }

  put(entry: LocalEntry, session?: ReadSession): void {
    this.#packed.put(entry);
    if (!this.#packed.isSlowButWarm(session)) this.#split.put(entry, session);
  }

  async drain(): Promise<void> {
    await Promise.all([this.#packed.drain(), this.#split.drain()]);
  }

  async settle(): Promise<void> {
    await this.#packed.settle();
  }

  async store(): Promise<void> {
    await this.#packed.store();
  }

  async endRun(): Promise<void> {
    await this.#packed.endRun();
  }

  /** Entries of the packed layout; the owner of the split one counts its own. */
  get waiting(): number {
    return this.#packed.waiting;
  }

  get isDirty(): boolean {
    return this.#packed.isDirty;
  }

  get isGivenUp(): boolean {
    return this.#packed.isGivenUp;
  }

  async prefetch() {
    return await this.#packed.prefetch();
  }

  adopt(): void {
    this.#packed.adopt();
  }

  retire(): void {
    this.#packed.retire();
  }

  abort(): void {
    this.#packed.abort();
    this.#split.abort();
  }
}
