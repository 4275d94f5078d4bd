/**
 * `shared/<platform>.json.zst`: a record of kind "shared" with what the newest runs of two or more projects have in
 * common, the standard library for one. A project's first build begins with it.
 */

import { IdTable } from "../../../lib/id-table.ts";
import { decodeName } from "../../../lib/text/percent-name.ts";
import type { PackedEntry } from "../format/entry.ts";
import { splitSeal } from "../format/record-seal.ts";
import { doesCount, type RecordTrust } from "../format/record-trust.ts";
import { formatRunRecord, MAX_RECORD_BYTES, type RunRecord } from "../format/run-record.ts";
import type { PackedBucket } from "./packed-bucket.ts";

/** As many as a record holds. */
const MAX_ENTRIES = 80_000;
/** The number of no project. */
const SEVERAL = 0xffff_ffff;

/** Collects the entries of one platform. Only the shared ones are held; of the others a few bytes each. */
export class SharedEntries {
  readonly #projects = new Map<string, number>();
  /** Which project has an action, or that several do. */
  readonly #owners = new IdTable();
  readonly #entries = new Map<string, PackedEntry>();

  /** Records are added from the oldest to the newest, so that the newest location stays. */
  add(project: string, entries: readonly PackedEntry[]): void {
    const number = this.#numberOf(project);
    for (const entry of entries) {
      const owner = this.#owners.get(entry.actionId);
      if (owner === 0) this.#owners.set(entry.actionId, number);
      else if (owner !== number) this.#share(entry);
    }
  }

  get entries(): PackedEntry[] {
    return [...this.#entries.values()];
  }

  #share(entry: PackedEntry): void {
    if (!this.#entries.has(entry.actionId)) {
      if (this.#entries.size === MAX_ENTRIES) return;
      this.#owners.set(entry.actionId, SEVERAL);
    }
    this.#entries.set(entry.actionId, entry);
  }

  #numberOf(project: string): number {
    const number = this.#projects.get(project) ?? this.#projects.size + 1;
    this.#projects.set(project, number);
    return number;
  }
}

/** The record's object for a platform as in keys; `undefined` when nothing is shared. */
export async function formatShared(
  platform: string,
  entries: PackedEntry[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (entries.length === 0) return undefined;
  const record: RunRecord = { kind: "shared", about: { platform: decodeName(platform) }, entries };
  return await formatRunRecord(record);
}

/**
 * Puts the object where it belongs, or removes what is there. Writes nothing that is there already. One that is signed
 * is left alone by whoever can't sign, and signed anew before its signature has expired.
 */
export async function replaceShared(options: {
  bucket: PackedBucket;
  key: string;
  wanted: Uint8Array<ArrayBuffer> | undefined;
  signing?: RecordTrust | undefined;
}): Promise<void> {
  const { bucket, key, wanted } = options;
  const signer = options.signing?.signer;
  const present = await bucket.read(key, MAX_RECORD_BYTES);
  if (present !== undefined && signer === undefined && isSigned(present)) return;
  if (wanted === undefined) {
    if (present !== undefined) await bucket.delete(key);
  } else if (present === undefined || !isAsWanted(key, present, wanted, options.signing)) {
    await bucket.write(key, signer?.sign(key, wanted) ?? wanted);
  }
}

function isSigned(bytes: Uint8Array<ArrayBuffer>): boolean {
  const { seal } = splitSeal(bytes);
  return seal !== undefined && seal.expiresMs > Date.now();
}

function isAsWanted(
  key: string,
  present: Uint8Array<ArrayBuffer>,
  wanted: Uint8Array<ArrayBuffer>,
  signing: RecordTrust | undefined,
): boolean {
  if (signing?.signer === undefined) return Buffer.compare(present, wanted) === 0;
  if (Buffer.compare(splitSeal(present).frame, wanted) !== 0 || !doesCount(signing.check, key, present))
    return false;
  return signing.check.check(key, present) - Date.now() > signing.signer.validMs / 2;
}
