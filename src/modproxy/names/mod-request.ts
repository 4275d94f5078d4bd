/**
 * Which file a URL below the proxy names. The file's name is the URL's path, percent-decoded once; the file is stored
 * under that name. Impossible names are refused here, so they reach neither the upstream nor the disk.
 */
import { NameError, unescapePath, unescapeVersion } from "../../gomod/module-path.ts";
import { parseTileName, type Tile } from "../../gomod/sumdb/tile-name.ts";
import { isCanonical, matchesPath } from "../../gomod/version.ts";

export type ModRequest = ModuleRequest | SumdbRequest;

/** A file of a module. `info`, `mod` and `zip` never change; `list`, `latest` and `query` may at any time. */
export type ModuleRequest = { name: string; module: string } & (
  | { kind: "list" | "latest" }
  | { kind: "info" | "mod" | "query"; version: string }
  | { kind: "zip"; version: string }
);

/** A file of a checksum database. */
export type SumdbRequest = { name: string; database: string } & (
  | { kind: "supported" | "head" }
  | { kind: "lookup"; module: string; version: string }
  | { kind: "tile"; tile: Tile }
);

/** The names of the databases that the proxy passes on. */
export type DatabaseNames = Pick<ReadonlySet<string>, "has">;

/** Revisions that only go itself can resolve. */
const UNRESOLVED = new Set(["latest", "upgrade", "patch"]);

/** `target`: the rest of the URL, percent-encoded. Throws a `NameError`. */
export function parseModRequest(target: string, databases: DatabaseNames): ModRequest {
  const name = decodeOnce(target);
  if (name.startsWith("sumdb/")) return parseSumdbRequest(name, databases);
  const at = name.indexOf("/@");
  if (at === -1) throw new NameError("missing /@v/");
  const module = unescapePath(name.slice(0, at));
  const rest = name.slice(at + 2);
  if (rest === "latest") return { kind: "latest", name, module };
  if (rest === "v/list") return { kind: "list", name, module };
  if (!rest.startsWith("v/")) throw new NameError("missing /@v/");
  return parseFile(name, module, rest.slice(2));
}

/** The same for the name of a stored file; `undefined`: it is invalid. */
export function parseName(name: string, databases: DatabaseNames): ModRequest | undefined {
  try {
    return parseModRequest(encodeName(name), databases);
  } catch {
    return undefined;
  }
}

/** A name as a URL's path. */
export function encodeName(name: string): string {
  // Some proxies accept only what cmd/go sends, which leaves + and @ as they are.
  return name
    .split("/")
    .map((part) => encodeURIComponent(part).replaceAll("%2B", "+").replaceAll("%40", "@"))
    .join("/");
}

function parseFile(name: string, module: string, file: string): ModuleRequest {
  const dot = file.lastIndexOf(".");
  if (dot === -1) throw new NameError(`no file extension in filename ${JSON.stringify(file)}`);
  const extension = file.slice(dot + 1);
  if (extension !== "info" && extension !== "mod" && extension !== "zip") {
    throw new NameError(`unexpected extension ${JSON.stringify(`.${extension}`)}`);
  }
  const version = unescapeVersion(file.slice(0, dot));
  if (UNRESOLVED.has(version)) throw new NameError("invalid version");
  if (isCanonical(version) && matchesPath(version, module)) return { kind: extension, name, module, version };
  if (extension !== "info") throw new NameError("unrecognized version");
  return { kind: "query", name, module, version };
}

function parseSumdbRequest(name: string, databases: DatabaseNames): SumdbRequest {
  const [, database = "", ...parts] = name.split("/");
  // The client must not choose a host.
  if (!databases.has(database)) throw new NameError(`unknown checksum database ${JSON.stringify(database)}`);
  const path = parts.join("/");
  if (path === "supported") return { kind: "supported", name, database };
  if (path === "latest") return { kind: "head", name, database };
  const tile = parseTileName(path);
  if (tile !== undefined) return { kind: "tile", name, database, tile };
  if (path.startsWith("lookup/")) return { kind: "lookup", name, database, ...parseLookup(path.slice(7)) };
  throw new NameError(`not a file of a checksum database: ${JSON.stringify(path)}`);
}

function parseLookup(text: string): { module: string; version: string } {
  const at = text.indexOf("@");
  if (at === -1) throw new NameError("missing version");
  const module = unescapePath(text.slice(0, at));
  const version = unescapeVersion(text.slice(at + 1));
  if (!isCanonical(version)) throw new NameError("unrecognized version");
  return { module, version };
}

function decodeOnce(target: string): string {
  const path = target.replace(/[?#].*$/s, "");
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch (cause) {
    throw new NameError("invalid percent-encoding", { cause });
  }
  // A name that can be decoded twice might mean something else to the next program.
  if (!/^[\x21-\x7e]+$/.test(name) || /[\\%]/.test(name)) throw new NameError("invalid character");
  if (name.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new NameError("path is not clean");
  }
  return name;
}
