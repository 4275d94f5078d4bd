/**
 * What is to be uploaded and is not yet, so that a process that dies loses nothing: files (see `journal-files.ts`) like
 *
 *     {"pidSpace":"…"}
 *     "<name>"
 *     …
 *
 * a name as JSON a line. The bytes are in the cache directory.
 */

import { readSmallFile } from "../../lib/files/small-file.ts";
import { pidSpace } from "../../lib/process/process-life.ts";
import { type JournalContent, MAX_JOURNAL_BYTES } from "./journal-files.ts";
import { LineJournal } from "./line-journal.ts";

export class UploadJournal {
  readonly #lines: LineJournal<string>;

  constructor(dir: string) {
    this.#lines = new LineJournal({ dir, head: JSON.stringify({ pidSpace: pidSpace() }), read: readJournal });
  }

  append(name: string): void {
    this.#lines.append([JSON.stringify(name)]);
  }

  /** The names that processes which are gone have left, each once. */
  adopt(): string[] {
    return [...new Set(this.#lines.adopt())];
  }

  /** All of it is uploaded, or never can be. */
  discard(): void {
    this.#lines.discard();
  }

  /** Leaves it to the next process. */
  leave(): void {
    this.#lines.leave();
  }
}

function readJournal(path: string): JournalContent<string> | undefined {
  try {
    // What comes behind the last line break was cut off.
    const [head = "", ...lines] = readSmallFile(path, MAX_JOURNAL_BYTES).toString().split("\n").slice(0, -1);
    return { pidSpace: JSON.parse(head)?.pidSpace, entries: lines.flatMap(parseName) };
  } catch {
    return undefined;
  }
}

function parseName(line: string): string[] {
  try {
    const name: unknown = JSON.parse(line);
    return typeof name === "string" ? [name] : [];
  } catch {
    return [];
  }
}
