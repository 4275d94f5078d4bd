/**
 * What all sessions of one run on this machine used and put: `<dir>/run.json.zst`, a record (see `run-record.ts`)
 * whose `about` also says
 *
 *     "key"       the object that this becomes in the bucket
 *     "version"   counts the changes
 *     "stored"    the version that the bucket has; "storedMs" is when it got it
 *
 * Only this machine writes that object, always a superset of what it held, and one process at a time.
 */
import { join } from "node:path";
import { replaceFile } from "../../lib/replace-file.ts";
import { readSmallFile } from "../../lib/small-file.ts";
import type { Entry, Place } from "./entry.ts";
import type { RecordTrust } from "./record-trust.ts";
import { formatRunRecord, MAX_RECORD_BYTES, parseRunRecord } from "./run-record.ts";

export interface RunLogState {
  key: string;
  version: number;
  stored: number;
  storedMs: number;
  /** In the order of first use. */
  entries: Entry[];
}

export class RunLog {
  readonly #path: string;
  readonly #run: string;
  readonly #trust: RecordTrust | undefined;

  /** `run`: a log of another run counts as absent. So does one that was not signed, where records are. */
  constructor(dir: string, run: string, trust?: RecordTrust) {
    this.#path = join(dir, "run.json.zst");
    this.#run = run;
    this.#trust = trust;
  }

  /** `undefined` when this run has none on this machine. */
  load(): RunLogState | undefined {
    try {
      const bytes = readSmallFile(this.#path, MAX_RECORD_BYTES);
      const { about, entries } = parseRunRecord(bytes);
      const { run, key = "", version, stored, storedMs } = about;
      if (run !== this.#run || key === "") return undefined;
      // What it holds is going to be signed.
      if (this.#trust?.signer !== undefined) this.#trust.check.check(logKey(key), bytes);
      return { key, version: Number(version), stored: Number(stored), storedMs: Number(storedMs), entries };
    } catch {
      return undefined;
    }
  }

  /** Throws when the disk fails. */
  async save({ key, version, stored, storedMs, entries }: RunLogState): Promise<void> {
    const about = {
      run: this.#run,
      key,
      version: String(version),
      stored: String(stored),
      storedMs: String(storedMs),
    };
    const bytes = await formatRunRecord({ kind: "run", about, entries });
    replaceFile(this.#path, this.#trust?.signer?.sign(logKey(key), bytes) ?? bytes);
  }
}

/** Not the key of any object. */
function logKey(key: string): string {
  return `log of ${key}`;
}

/**
 * `entries` and what `added` has beyond them. The place of an output stays while it can be trusted: it may have been
 * brought there since `added` was looked up, together with others.
 */
export function mergeEntries(
  entries: Entry[],
  added: Entry[],
  isTrusted: (place: Place | undefined) => boolean,
): { entries: Entry[]; isChanged: boolean } {
  const merged = new Map(entries.map((entry) => [entry.actionId, entry]));
  let isChanged = false;
  for (const entry of added) {
    const known = merged.get(entry.actionId);
    if (known?.outputId === entry.outputId && (isTrusted(known.place) || isSamePack(known, entry))) continue;
    merged.set(entry.actionId, entry);
    isChanged = true;
  }
  return { entries: [...merged.values()], isChanged };
}

function isSamePack(a: Entry, b: Entry): boolean {
  return a.place?.pack.id === b.place?.pack.id;
}
