import type { LocalBuilds } from "../local-outputs.ts";
import type { Entry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import type { PackedIndex } from "./packed-index.ts";
import type { Packer } from "./packer.ts";
import type { PackUploader } from "./pack-uploader.ts";
import type { RunPublisher } from "./run-publisher.ts";
import type { SessionEntry, SessionLog } from "./session-log.ts";

/** How long the close of a session that put nothing may take for what others have left. */
const ADOPTED_MS = 2_000;

/** Brings what a session put, and what it used that the bucket lacks, into packs and records. */
export class PackedWriter {
  readonly #options: PackedWriterOptions;
  #hasPut = false;

  constructor(options: PackedWriterOptions) {
    this.#options = options;
  }

  /** Takes over what helpers that died have left. */
  adopt(): void {
    const { journal, local, session } = this.#options;
    for (const entry of journal.adopt()) {
      const found = local.findOutput(entry.outputId);
      if (found?.sizeBytes !== entry.sizeBytes) continue;
      session.add({ ...entry, path: found.path, isNew: true });
      this.#pack({ ...entry, path: found.path });
    }
  }

  put(entry: Omit<SessionEntry, "isNew">): void {
    this.#hasPut = true;
    this.#options.journal.append(entry);
    this.#options.session.add({ ...entry, isNew: true });
    this.#pack(entry);
  }

  /** Whether anything is left that others should know. */
  get hasNews(): boolean {
    return this.#options.session.entries.some(({ isNew }) => isNew);
  }

  /** Uploads and writes down everything, within `limitMs`; the journal keeps what could not be. */
  async drain(limitMs: number): Promise<void> {
    const { uploader, journal, counters } = this.#options;
    const timer = setTimeout(() => uploader.abandon(), this.#hasPut ? limitMs : Math.min(limitMs, ADOPTED_MS));
    const lost = await this.#store();
    clearTimeout(timer);
    if (lost > 0) counters.add("put_remote_lost", lost);
    if (lost === 0 || this.#options.isRefused()) journal.discard();
    else journal.leave();
  }

  /** Gives up what is under way; the journal keeps it. */
  abandon(): void {
    this.#options.uploader.abandon();
  }

  /** Returns how many entries are not in the bucket. */
  async #store(): Promise<number> {
    const { session, packer, publisher } = this.#options;
    const places = session.entries.map((entry) => this.#place(entry));
    await packer.flush();
    const resolved = await Promise.all(places);
    const stored = resolved.filter((result) => result.entry !== undefined);
    const entries = stored.map(({ entry }) => entry as Entry);
    const added = stored.filter(({ isNew }) => isNew).map(({ entry }) => entry as Entry);
    const isPublished = entries.length === 0 || (await publisher.publish(entries, added));
    return isPublished ? resolved.length - stored.length : resolved.length;
  }

  async #place(entry: SessionEntry): Promise<{ entry: Entry | undefined; isNew: boolean }> {
    const { path: _, isNew, ...known } = entry;
    if (entry.sizeBytes === 0) return { entry: { ...known, place: undefined }, isNew };
    const place = await this.#pack(entry);
    return { entry: place && { ...known, place }, isNew };
  }

  #pack(output: { outputId: string; sizeBytes: number; path: string }) {
    const { index, packer } = this.#options;
    const known = output.sizeBytes === 0 ? undefined : index().findPlace(output.outputId);
    if (known !== undefined || output.sizeBytes === 0) return Promise.resolve(known);
    return packer.add(output);
  }
}

export interface PackedWriterOptions {
  index: () => PackedIndex;
  local: LocalBuilds;
  session: SessionLog;
  packer: Packer;
  uploader: PackUploader;
  publisher: RunPublisher;
  journal: Journal;
  counters: { add(name: string, amount?: number): void };
  /** Whether the bucket refuses this identity's uploads: keeping them for later has no sense then. */
  isRefused: () => boolean;
}
