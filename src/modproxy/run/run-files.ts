/**
 * The record of the module files that a run used, so that the next run of that job prefetches them. One zstd frame
 * of JSON (`zstd -dc | jq` reads it):
 *
 *     {"version":1,"kind":"modules","about":{"project":…,"branch":…,"job":…,"run":…,"host":…},
 *      "files":[["<name>", <bytes>, "<SHA-256>"], ["<name>", <bytes>, "<SHA-256>", "<text>"], …]}
 *
 * in the order of first use. The record contains small files themselves, as text, or in base64 after `base64:`.
 */
import { compressFrameAside, expandFrame } from "../../lib/bytes/zstd.ts";
import { isCount, isSha256, isText, optional } from "../../lib/shape.ts";

/** A file that a run used. */
export interface RunFile {
  name: string;
  sizeBytes: number;
  sha256: string;
  /** `undefined`: only the bucket has the content, under the file's name. */
  bytes: Buffer | undefined;
}

export const MAX_RECORD_BYTES = 8 << 20;
const MAX_JSON_BYTES = 32 << 20;
/** The record leaves out what follows. */
export const MAX_FILES = 50_000;
const VERSION = 1;
const BASE64 = "base64:";

export async function formatRunFiles(
  about: Record<string, string>,
  files: RunFile[],
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = files.slice(0, MAX_FILES).map(({ name, sizeBytes, sha256, bytes }) => {
    return bytes === undefined ? [name, sizeBytes, sha256] : [name, sizeBytes, sha256, formatBytes(bytes)];
  });
  const json = JSON.stringify({ version: VERSION, kind: "modules", about, files: rows });
  return await compressFrameAside(new TextEncoder().encode(json));
}

/** Throws for anything but a record as described above. Doesn't check the files. */
export function parseRunFiles(bytes: Uint8Array<ArrayBuffer>): RunFile[] {
  const json = JSON.parse(new TextDecoder().decode(expandFrame(bytes, MAX_JSON_BYTES)));
  const { version, kind, about, files } = json ?? {};
  const isOurs = version === VERSION && kind === "modules" && typeof about === "object" && about !== null;
  if (!isOurs || !Array.isArray(files) || files.length > MAX_FILES) {
    throw new Error("not a record of module files");
  }
  return files.map(parseRow);
}

function parseRow(row: unknown): RunFile {
  const [name, sizeBytes, sha256, content] = Array.isArray(row) ? row : [];
  const isValid = isText(name) && isCount(sizeBytes) && isSha256(sha256);
  if (!isValid || !optional(isText)(content)) throw new Error("record of module files with a bad row");
  return { name, sizeBytes, sha256, bytes: content === undefined ? undefined : parseBytes(content) };
}

function formatBytes(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text).equals(bytes) && !text.startsWith(BASE64);
  return isText ? text : BASE64 + bytes.toString("base64");
}

function parseBytes(content: string): Buffer {
  return content.startsWith(BASE64)
    ? Buffer.from(content.slice(BASE64.length), "base64")
    : Buffer.from(content);
}
