/** What is in the file of a journal; see `journal.ts`. */
import type { CacheEntry } from "../../../buildcache/entry.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { type JournalContent, MAX_JOURNAL_BYTES } from "../../../store/upload/journal-files.ts";
import type { Scope } from "../../scope/scope.ts";

/** The first line: whose entries these are, and where the process number in the file's name means something. */
export type JournalHead = Scope & { pidSpace: string };

/** An entry that is to be uploaded. */
export interface JournalEntry extends CacheEntry {
  /** It was not put, and the bucket may well have it. */
  isOnlyUsed?: true;
}

const LINE = /^([0-9a-f]{64}) ([0-9a-f]{64}) (\d{1,15}) (\d{1,15})( used)?$/;

export interface JournalText extends JournalContent<JournalEntry> {
  head: JournalHead;
}

/** `undefined`: it is no journal. */
export function readJournal(path: string): JournalText | undefined {
  try {
    // What comes behind the last line break was cut off, and never answered for.
    const [first = "", ...lines] = readSmallFile(path, MAX_JOURNAL_BYTES)
      .toString("latin1")
      .split("\n")
      .slice(0, -1);
    const head = parseHead(Buffer.from(first, "latin1").toString("utf8"));
    return head && { head, pidSpace: head.pidSpace, entries: lines.flatMap(parseLine) };
  } catch {
    return undefined;
  }
}

/** Journals of earlier versions name no more than platform and project. */
function parseHead(text: string): JournalHead | undefined {
  const head: Partial<Record<keyof JournalHead, unknown>> = JSON.parse(text);
  const { platform, project, branch = "none", job = "local", run = "", pidSpace, defaultBranch } = head;
  if (typeof platform !== "string" || typeof project !== "string") return undefined;
  return {
    platform,
    project,
    branch: String(branch),
    job: String(job),
    run: String(run),
    fallbackBranches: [],
    defaultBranch: typeof defaultBranch === "string" ? defaultBranch : undefined,
    pidSpace: String(pidSpace),
  };
}

function parseLine(line: string): JournalEntry[] {
  const match = LINE.exec(line);
  if (match === null) return [];
  const [, actionId = "", outputId = "", size, putTime, used] = match;
  const entry = { actionId, outputId, sizeBytes: Number(size), putTimeMs: Number(putTime) };
  return [used === undefined ? entry : { ...entry, isOnlyUsed: true }];
}

export function formatLine({ actionId, outputId, sizeBytes, putTimeMs, isOnlyUsed }: JournalEntry): string {
  const used = isOnlyUsed === true ? " used" : "";
  return `${actionId} ${outputId} ${sizeBytes} ${Math.max(0, Math.floor(putTimeMs))}${used}`;
}
