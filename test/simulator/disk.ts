/** The disk of a machine, in memory: what the product keeps there. A machine that is gone writes nothing more. */
import type { LocalEntry } from "../../src/buildcache/entry.ts";
import type { FileLock } from "../../src/lib/files/lock-file.ts";
import type { LocalBuilds } from "../../src/remote/local-outputs.ts";
import type { Segment } from "../../src/remote/packed/format/segment.ts";
import { newSegment } from "../../src/remote/packed/format/segment-builder.ts";
import type { RecordList, RecordRef } from "../../src/remote/packed/index/record-cache.ts";
import type { JournalEntry } from "../../src/remote/packed/write/journal.ts";
import type { LoggedRun, RunLogState, StoredNote } from "../../src/remote/packed/write/run-log.ts";

const LOG_AGE_MS = 24 * 3_600_000;
const MAX_LOGS = 8;

/** What the product writes to one scope's directory. */
class ScopeFiles {
  list: RecordList | undefined;
  readonly copies = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly logs = new Map<string, { state: RunLogState; changedMs: number }>();
}

export class Disk {
  readonly #scopes = new Map<string, ScopeFiles>();
  readonly segments = new Map<string, { segment: Segment; bytes: Buffer<ArrayBuffer> }>();
  readonly actions = new Map<string, LocalEntry>();
  readonly outputs = new Map<string, { path: string; sizeBytes: number }>();
  /** By project. */
  readonly journals = new Map<string, JournalEntry[]>();
  readonly #locks = new Map<string, Promise<void>>();
  /** Who has it now. */
  owner = { isDead: false };

  readonly segmentFiles = {
    isRead: () => true,
    open: (id: string): Segment | undefined => this.segments.get(id)?.segment,
    read: (id: string): Buffer<ArrayBuffer> | undefined => this.segments.get(id)?.bytes,
    save: (id: string, bytes: Buffer<ArrayBuffer>): Segment => {
      const made = this.segments.get(id) ?? newSegment(bytes);
      if (!this.isGone) this.segments.set(id, made);
      return made.segment;
    },
    remove: (id: string): void => {
      this.segments.delete(id);
    },
  };

  readonly local: LocalBuilds = {
    get: (actionId) => this.actions.get(actionId),
    has: (actionId) => this.actions.has(actionId),
    findOutput: (outputId) => this.outputs.get(outputId),
    createOutput: () => {
      throw new Error("outputs are fetched by the simulation");
    },
    putRecord: () => true,
  };

  get isGone(): boolean {
    return this.owner.isDead;
  }

  addLocal(entry: LocalEntry): void {
    if (this.isGone) return;
    this.actions.set(entry.actionId, entry);
    this.outputs.set(entry.outputId, entry);
  }

  recordCache(scope: string) {
    const files = this.#filesOf(scope);
    return {
      load: () => files.list,
      read: (ref: RecordRef) => files.copies.get(nameOf(ref)),
      write: (ref: RecordRef, bytes: Uint8Array<ArrayBuffer>) => {
        if (!this.isGone) files.copies.set(nameOf(ref), bytes);
      },
      save: (list: RecordList) => {
        if (this.isGone) return;
        files.list = list;
        const kept = new Set(list.records.map(nameOf));
        for (const name of files.copies.keys()) if (!kept.has(name)) files.copies.delete(name);
      },
    };
  }

  /** `now`: this machine's clock. */
  runLog(scope: string, run: string, now: () => number) {
    const { logs } = this.#filesOf(scope);
    const load = (): RunLogState | undefined => {
      const log = logs.get(run);
      return log === undefined || Math.abs(now() - log.changedMs) > LOG_AGE_MS ? undefined : { ...log.state };
    };
    const update = async <T extends LoggedRun | undefined>(
      change: (before: RunLogState | undefined) => T,
    ) => {
      this.#fail();
      const before = load();
      const after = change(before);
      if (after === undefined || (after as LoggedRun) === before) return after;
      const { stored = 0, storedMs = 0 } = before?.key === after.key ? before : {};
      const { object, headEntries = 0 } = before ?? {};
      const state = { ...after, stored, storedMs, object, headEntries };
      logs.set(run, { state, changedMs: now() });
      for (const old of [...logs.keys()].slice(0, -MAX_LOGS)) logs.delete(old);
      return after;
    };
    const setStored = ({ key, object, headEntries, changes }: Omit<StoredNote, "ms">) => {
      const log = logs.get(run);
      if (log?.state.key === key && !this.isGone)
        log.state = {
          ...log.state,
          object,
          headEntries,
          stored: changes,
          storedMs: changes === 0 ? 0 : now(),
        };
    };
    return { load, update, setStored, lockUpload: () => this.#lock(`${scope} ${run}`) };
  }

  /** The journal of one session. */
  journal(project: string) {
    const left = this.journals.get(project) ?? [];
    this.journals.set(project, left);
    const own = new Set<JournalEntry>();
    return {
      append: (entries: JournalEntry[]) => {
        if (this.isGone) return;
        for (const entry of entries) own.add(entry);
        left.push(...entries);
      },
      adopt: () => {
        const adopted = left.filter((entry) => !own.has(entry));
        for (const entry of adopted) own.add(entry);
        return adopted;
      },
      cut: () => {
        const before = new Set(own);
        return () => this.#discard(left, own, (entry) => before.has(entry));
      },
      discard: () => this.#discard(left, own, () => true),
      handOver: () => {},
      stopHeartbeat: () => {},
    };
  }

  #discard(left: JournalEntry[], own: Set<JournalEntry>, isDone: (entry: JournalEntry) => boolean): void {
    if (this.isGone) return;
    const kept = left.filter((entry) => !(own.has(entry) && isDone(entry)));
    left.length = 0;
    left.push(...kept);
    for (const entry of own) if (isDone(entry)) own.delete(entry);
  }

  #filesOf(scope: string): ScopeFiles {
    const files = this.#scopes.get(scope) ?? new ScopeFiles();
    this.#scopes.set(scope, files);
    return files;
  }

  async #lock(name: string): Promise<FileLock> {
    const before = this.#locks.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#locks.set(name, promise);
    await before;
    this.#fail();
    return { isHeld: async () => true, [Symbol.asyncDispose]: async () => resolve() };
  }

  #fail(): void {
    if (this.isGone) throw new Error("the machine is gone");
  }
}

function nameOf({ key, etag }: RecordRef): string {
  return `${key}\n${etag}`;
}
