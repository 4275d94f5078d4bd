/**
 * What the bucket has of a module in one version: one output with its files, or with its go.mod alone; another with its
 * zip; of a release of go a third, with what the checksum database says of it.
 *
 *     go module tree v1 <size of the header in bytes>\n       go module zip v1 <size of the header in bytes>\n
 *     <the header, JSON, UTF-8>                               <the header, JSON, UTF-8>
 *     <the bytes of all files, one after the other>           <the bytes of the zip>
 *
 * The header: `path` and `version` of the module; `info` and `mod`, the texts of `<version>.info` and `<version>.mod`
 * where go had them; `files`, a list of `[name, size in bytes]`, sorted by the names' UTF-8 bytes, without it: the go.mod
 * alone, or the zip. A module has only regular files. Of the third, `go module sum v1 <size of the header>\n`, there is the
 * header alone, with `lookup`, the database's reply, and `tiles`, the parts of its tree that prove it: a list of `[name,
 * base64]`.
 */
import { FileNames, MAX_GO_MOD_BYTES, MAX_MODULE_BYTES, MAX_NAME_CHARS } from "../gomod/file-names.ts";
import { isModuleVersion, type ModuleVersion } from "../gomod/module-version.ts";
import { type Guard, isCount, isText, listOf, optional, shape } from "../lib/shape.ts";
import { compareUtf8 } from "../lib/text/compare-utf8.ts";

const START = /^go module (tree|zip|sum) v1 ([1-9]\d{0,8})\n/;
const MAX_START_BYTES = 32;
/** A header has the go.mod file, and 100,000 files have some 8 MB of names. Go itself makes far smaller ones. */
const MAX_HEADER_BYTES = 24 << 20;
const MAX_INFO_CHARS = 64 << 10;
/** One in the other. Making them takes time, and the deepest of known modules has some 20. */
const MAX_FOLDERS = 64;

/** A file of a module: its name below the module's directory, and its size in bytes. */
export type TreeFile = [name: string, sizeBytes: number];

export interface TreeHeader extends ModuleVersion {
  info: string | undefined;
  mod: string | undefined;
  /** `undefined`: the go.mod alone, or a zip follows. */
  files: TreeFile[] | undefined;
  /** Of the checksum database; see `SumProof`. */
  lookup?: string | undefined;
  tiles?: [name: string, base64: string][] | undefined;
}

/** What follows the header: the bytes of its files, or a zip. */
export type BodyKind = "tree" | "zip";

/** `sum`: nothing follows. */
export type OutputKind = BodyKind | "sum";

/** What is wrong with the bytes of a module. */
export class ModuleTreeError extends Error {
  override name = "ModuleTreeError" as const;
}

/** Throws a `ModuleTreeError` where `parseTreeHeader` would refuse it. */
export function formatTreeHeader(header: TreeHeader, kind: OutputKind = "tree"): Buffer {
  checkHeader(header, kind);
  const { path, version, info, mod, files, lookup, tiles } = header;
  const json = Buffer.from(JSON.stringify({ path, version, info, mod, files, lookup, tiles }));
  if (json.length > MAX_HEADER_BYTES) throw new ModuleTreeError("a header that is too large");
  return Buffer.concat([Buffer.from(`go module ${kind} v1 ${json.length}\n`), json]);
}

/**
 * The header at the start of `bytes`, and its length with the line before it; `undefined`: there must be more bytes. Throws a
 * `ModuleTreeError` if the names could lead out of the module's directory, or are not a module's.
 */
export function parseTreeHeader(
  bytes: Buffer,
): { kind: OutputKind; header: TreeHeader; length: number } | undefined {
  const start = START.exec(bytes.toString("latin1", 0, MAX_START_BYTES));
  if (start === null) {
    if (bytes.length < MAX_START_BYTES) return undefined;
    throw new ModuleTreeError("no module");
  }
  const kind = start[1] as OutputKind;
  const jsonBytes = Number(start[2]);
  if (jsonBytes > MAX_HEADER_BYTES) throw new ModuleTreeError("a header that is too large");
  const length = start[0].length + jsonBytes;
  if (bytes.length < length) return undefined;
  const header = parseJson(bytes.toString("utf8", start[0].length, length));
  checkHeader(header, kind);
  return { kind, header, length };
}

const isFile: Guard<TreeFile> = (value): value is TreeFile =>
  Array.isArray(value) && value.length === 2 && isText(value[0]) && isCount(value[1]);
const isTile: Guard<[string, string]> = (value): value is [string, string] =>
  listOf(isText)(value) && value.length === 2;
const isHeader = shape<TreeHeader>({
  path: isText,
  version: isText,
  info: optional(isText),
  mod: optional(isText),
  files: optional(listOf(isFile)),
  lookup: optional(isText),
  tiles: optional(listOf(isTile)),
});

function parseJson(text: string): TreeHeader {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModuleTreeError("a header that is no JSON", { cause });
  }
  if (!isHeader(value)) throw new ModuleTreeError("a header of another kind");
  return value;
}

function checkHeader(header: TreeHeader, kind: OutputKind): void {
  if (!isModuleVersion(header)) throw new ModuleTreeError("a name that no module has");
  const { info, mod = "", files } = header;
  if (info !== undefined && plainInfo(info, header.version) === undefined)
    throw new ModuleTreeError("a wrong .info file");
  if (mod.length > MAX_GO_MOD_BYTES) throw new ModuleTreeError("a go.mod that is too large");
  if (files !== undefined && kind !== "tree") throw new ModuleTreeError(`a ${kind} with a list of files`);
  if (files !== undefined) checkTreeFiles(files);
}

/**
 * What go keeps of this version, from such a text: the version and its time, which is nobody's promise. `undefined`: it is
 * of another version. Nothing else is taken over: go would read `"version"` and `"ver\u017fion"` for `"Version"`, too.
 */
export function plainInfo(text: string, version: string): string | undefined {
  const { Version, Time } = parseInfo(text) ?? {};
  if (Version !== version) return undefined;
  const ms = typeof Time === "string" ? Date.parse(Time) : Number.NaN;
  const time = Number.isNaN(ms) ? {} : { Time: new Date(ms).toISOString().replace(".000Z", "Z") };
  return JSON.stringify({ Version, ...time });
}

function parseInfo(text: string): Record<string, unknown> | undefined {
  try {
    return text.length <= MAX_INFO_CHARS ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function nameFault(name: string): string | undefined {
  if (name.length > MAX_NAME_CHARS) return "a file with too long a name";
  return name.split("/").length > MAX_FOLDERS ? "a file in too many folders" : undefined;
}

/** Throws a `ModuleTreeError` unless a module may have these files, and they are sorted by the UTF-8 bytes of their names. */
export function checkTreeFiles(files: readonly TreeFile[]): void {
  const names = new FileNames();
  let before: string | undefined;
  let sum = 0;
  for (const [name, sizeBytes] of files) {
    const fault = nameFault(name) ?? names.add(name, false);
    if (fault !== undefined) throw new ModuleTreeError(`the module has ${fault}`);
    if (before !== undefined && compareUtf8(before, name) >= 0)
      throw new ModuleTreeError("the files are not sorted");
    before = name;
    sum += sizeBytes;
    if (sum > MAX_MODULE_BYTES) throw new ModuleTreeError("the module is too large");
  }
}
