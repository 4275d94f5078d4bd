/**
 * A database's reply about one version: the record's number, the record, an empty line, and the signed head of a tree
 * that contains it.
 *
 *     12345
 *     example.com/a v1.0.0 h1:…
 *     example.com/a v1.0.0/go.mod h1:…
 *
 *     go.sum database tree
 *     …
 */
import { InvalidFileError } from "../invalid-file-error.ts";
import { openTreeHead, type TreeHead, type Verifier } from "./note.ts";

/** Far more than a record of two lines and a note need. */
const MAX_REPLY_CHARS = 1 << 20;

export interface LookupReply {
  recordId: number;
  /** The tree authenticates this text, and nothing else of the reply. */
  record: string;
  hashes: ModuleHashes;
  head: TreeHead;
}

/** `h1:…` of the zip and of the go.mod. */
export interface ModuleHashes {
  zip: string;
  mod: string;
}

/** Throws an `InvalidFileError` for a reply about another version, or without a valid signature. */
export function parseLookupReply(
  text: string,
  { module, version }: { module: string; version: string },
  verifier: Verifier | undefined,
): LookupReply {
  if (text.length > MAX_REPLY_CHARS) throw new InvalidFileError("reply of the checksum database is too long");
  const [, id = "", record = "", note = ""] = /^(\d{1,15})\n((?:[^\n]+\n)+)\n(.*)$/s.exec(text) ?? [];
  if (id === "") throw new InvalidFileError("reply of the checksum database that can't be read");
  const lines = record.split("\n");
  const hashes = {
    zip: hashIn(lines, `${module} ${version} `),
    mod: hashIn(lines, `${module} ${version}/go.mod `),
  };
  const head = openTreeHead(note, verifier);
  if (Number(id) >= head.size) throw new InvalidFileError("record beyond the end of the tree");
  return { recordId: Number(id), record, hashes, head };
}

/** The reply as go keeps it. */
export function formatLookupReply({ recordId, record, head }: LookupReply): string {
  return `${recordId}\n${record}\n${head.note}`;
}

function hashIn(lines: string[], start: string): string {
  const line = lines.find((each) => each.startsWith(start));
  const hash = line?.slice(start.length) ?? "";
  if (!/^h1:[A-Za-z0-9+/]{43}=$/.test(hash)) {
    throw new InvalidFileError(`reply of the checksum database without ${start.trim()}`);
  }
  return hash;
}
