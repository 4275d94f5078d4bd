import { IdTable } from "../../../lib/id-table.ts";
import type { PackedEntry } from "../format/entry.ts";
import { type NewSegment, SegmentBuilder } from "../format/segment-builder.ts";

/** Marks an action of several projects; never the number of a project. */
const SEVERAL = 0xffff_ffff;

/** Collects the entries that projects share. Keeps only a few bytes for each entry that is not shared. */
export class SharedEntries {
  readonly #projects = new Map<string, number>();
  /** The project number of each action, or `SEVERAL`. */
  readonly #owners = new IdTable();
  readonly #segment = new SegmentBuilder();

  /** Callers add records from the oldest to the newest, so that the newest location wins. */
  add(project: string, entry: PackedEntry): void {
    const number = this.#numberOf(project);
    const owner = this.#owners.get(entry.actionId);
    if (owner === 0) this.#owners.set(entry.actionId, number);
    else if (owner !== number) this.#share(entry, owner === SEVERAL);
  }

  get count(): number {
    return this.#segment.rows;
  }

  /** What is shared. There has to be something. */
  seal(): NewSegment {
    return this.#segment.seal();
  }

  #share(entry: PackedEntry, isKnown: boolean): void {
    if (!isKnown && this.#segment.isFull) return;
    this.#owners.set(entry.actionId, SEVERAL);
    this.#segment.add(entry);
  }

  #numberOf(project: string): number {
    const number = this.#projects.get(project) ?? this.#projects.size + 1;
    this.#projects.set(project, number);
    return number;
  }
}
