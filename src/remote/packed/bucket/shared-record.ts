/**
 * `shared/<platform>.json.zst`: a record of kind "shared" with the entries that the newest runs of two or more projects
 * share, such as the standard library. A project's first build starts with it.
 */

import { IdTable } from "../../../lib/id-table.ts";
import { decodeName } from "../../../lib/text/percent-name.ts";
import type { PackedEntry } from "../format/entry.ts";
import { splitSeal } from "../format/record-seal.ts";
import { isAccepted, type RecordTrust } from "../format/record-trust.ts";
import { formatRunRecord, MAX_RECORD_BYTES, type RunRecord } from "../format/run-record.ts";
import type { PackedBucket } from "./packed-bucket.ts";

/** The limit of a record. */
const MAX_ENTRIES = 80_000;
/** Marks an action of several projects; never the number of a project. */
const SEVERAL = 0xffff_ffff;

/** Collects the shared entries of one platform. Keeps only a few bytes for each entry that is not shared. */
export class SharedEntries {
  readonly #projects = new Map<string, number>();
  /** The project number of each action, or `SEVERAL`. */
  readonly #owners = new IdTable();
  readonly #entries = new Map<string, PackedEntry>();

  /** Callers add records from the oldest to the newest, so that the newest location wins. */
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

/** Formats the shared record of a platform (encoded as in keys); `undefined` if nothing is shared. */
export async function formatShared(
  platform: string,
  entries: PackedEntry[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (entries.length === 0) return undefined;
  const record: RunRecord = { kind: "shared", about: { platform: decodeName(platform) }, entries };
  return await formatRunRecord(record);
}

/**
 * Writes the wanted object unless it is present, or removes the present one. A process that can't sign keeps a signed
 * object. A process that signs renews the signature before it expires.
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
  if (Buffer.compare(splitSeal(present).frame, wanted) !== 0 || !isAccepted(signing.check, key, present))
    return false;
  return signing.check.check(key, present) - Date.now() > signing.signer.validMs / 2;
}
