/** Checks the content of small files before they are stored, and when they come from the disk or the bucket. */

import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { parseLookupReply } from "../../gomod/sumdb/lookup-reply.ts";
import { openTreeHead, type Verifier } from "../../gomod/sumdb/note.ts";
import { TILE_WIDTH } from "../../gomod/sumdb/tile-name.ts";
import { isCanonical, sortedVersions } from "../../gomod/version.ts";
import type { ModRequest } from "../names/mod-request.ts";

/** Largest size of any file but a zip. */
export const MAX_SMALL_BYTES = 16 << 20;

/** A list of 50,000 versions. No module has so many, and sorting the largest small file takes seconds. */
const MAX_LIST_BYTES = 1 << 20;

const HASH_BYTES = 32;

/** Returns the bytes to store: a list of versions is sorted and cleaned. Throws an `InvalidFileError`. */
export function checkBody(request: ModRequest, bytes: Buffer, verifier: Verifier | undefined): Buffer {
  switch (request.kind) {
    case "list":
      if (bytes.length > MAX_LIST_BYTES) throw new InvalidFileError("list of too many versions");
      return Buffer.from(sortedVersions(checkText(bytes)).join("\n"));
    case "info":
      checkInfo(bytes, (version) => version === request.version);
      return bytes;
    case "latest":
    case "query":
      checkInfo(bytes, isCanonical);
      return bytes;
    case "mod":
      checkModFile(bytes);
      return bytes;
    case "lookup":
      parseLookupReply(checkText(bytes), request, verifier);
      return bytes;
    case "head":
      openTreeHead(checkText(bytes), verifier);
      return bytes;
    case "tile":
      checkTile(request.tile.level, request.tile.width, bytes);
      return bytes;
    case "zip":
    case "supported":
      throw new Error(`${request.kind} is no small file`);
  }
}

function checkInfo(bytes: Buffer, isGood: (version: string) => boolean): void {
  const info = parseJson(checkText(bytes));
  if (info === undefined) throw new InvalidFileError("info is no JSON");
  const version =
    typeof info === "object" && info !== null ? (info as { Version?: unknown }).Version : undefined;
  if (typeof version !== "string") throw new InvalidFileError("info of no version");
  if (!isGood(version)) throw new InvalidFileError("info of another version");
}

/** `undefined`: no JSON. The parser's message would quote the text, which may have secrets. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkModFile(bytes: Buffer): void {
  if (!/^[ \t]*module\b/m.test(checkText(bytes))) throw new InvalidFileError("go.mod without a module line");
}

function checkTile(level: number | "data", width: number, bytes: Buffer): void {
  const isGood =
    level === "data" ? bytes.length > 0 : bytes.length === HASH_BYTES * Math.min(width, TILE_WIDTH);
  if (!isGood) throw new InvalidFileError(`tile of ${bytes.length} bytes`);
}

function checkText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (text.includes("\ufffd") && !Buffer.from(text).equals(bytes))
    throw new InvalidFileError("file is no text");
  return text;
}
