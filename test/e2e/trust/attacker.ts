/** An attacker with write access to the bucket: replaces the outputs of known actions in all records. */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { splitSeal } from "../../../src/remote/packed/format/record-seal.ts";
import {
  formatRunRecord,
  parseRunRecord,
  type RunRecord,
} from "../../../src/remote/packed/format/run-record.ts";
import type { TrustedTeam } from "./trusted-team.ts";

const KINDS = ["run", "head", "new", "shared"];

/** A record that the attacker writes. `key`: of the object. */
export type Forge = (record: {
  key: string;
  frame: Uint8Array<ArrayBuffer>;
  original: Uint8Array<ArrayBuffer>;
}) => Uint8Array;

export class Attacker {
  readonly #team: TrustedTeam;
  /** The replacements for the good library's outputs. */
  readonly evil: PackedEntry;
  readonly #goodIds: Set<string>;

  /** `evil`: an entry with the other library as its output, in a pack of the bucket. */
  constructor(team: TrustedTeam, goodIds: Iterable<string>, evil: PackedEntry) {
    this.#team = team;
    this.#goodIds = new Set(goodIds);
    this.evil = evil;
  }

  /** The same attacker at another bucket. */
  at(team: TrustedTeam): Attacker {
    return new Attacker(team, this.#goodIds, this.evil);
  }

  /** The actions with the library as their output. */
  get actionIds(): string[] {
    const made = allEntries(this.#team).filter(({ outputId }) => this.#goodIds.has(outputId));
    return [...new Set(made.map(({ actionId }) => actionId))];
  }

  /** Rewrites every record so that the library's action has the evil output. Returns how many entries were swapped. */
  async rewrite(forge: Forge): Promise<number> {
    let swapped = 0;
    for (const kind of KINDS) {
      for (const path of this.#team.objects(kind)) {
        const original = read(path);
        const record = parseRunRecord(original);
        const poisoned = this.#poison(record);
        swapped += poisoned.count;
        const frame = await formatRunRecord(poisoned.record);
        writeFileSync(path, forge({ key: relative(this.#team.bucket, path), frame, original }));
      }
    }
    return swapped;
  }

  #poison(record: RunRecord): { record: RunRecord; count: number } {
    let count = 0;
    const entries = record.entries.map((entry) => {
      if (!this.#goodIds.has(entry.outputId)) return entry;
      count++;
      const { outputId, sizeBytes, place } = this.evil;
      return { ...entry, outputId, sizeBytes, place };
    });
    return { record: { ...record, entries }, count };
  }
}

/** The entries of all records in the bucket, with the keys of their records. */
export function allEntries(team: TrustedTeam): PackedEntry[] {
  return KINDS.flatMap((kind) => team.objects(kind)).flatMap((path) => parseRunRecord(read(path)).entries);
}

export function isSealed(path: string): boolean {
  return splitSeal(read(path)).seal !== undefined;
}

function read(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}
