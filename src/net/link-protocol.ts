/**
 * How `connect` and a server talk. The server speaks first, go's own hello with one key more, which go ignores; so any
 * bridge (`nc`, `socat`, the `connect` of tailscale/go-cache-plugin) makes a go session of the connection, which the
 * server runs itself:
 *
 *     {"ID":0,"KnownCommands":["get","put","close"],"Server":{"link":3,"pid":…,"cacheDir":"/…","journalDir":"/…"}}
 *
 * `connect` runs the session itself, on the server's cache directory, and turns the connection into a *link* when it
 * first needs anything that is not on the disk. It does so with a line that no go command sends:
 *
 *     link {"version":3,"scope":{"platform":…,"project":…,"branch":…,"job":…,"run":…,…}}
 *
 * From then on each line is a JSON array. Numbers `n` are the client's, and name the message that is answered.
 *
 *     client                                           server
 *     ["get",n,action]                                 ["got",n,output,size,put at ms]: the output is on the disk then;
 *                                                      the record is the client's to write. Or ["got",n,reason]: a
 *                                                      miss, and why, as a word
 *     ["put",n,action,output,size,put at ms]           ["noted",n]: it is in the server's journal. The output was on
 *                                                      the disk before the message was sent
 *     ["used",n,[action,…]]                            ["noted",n]: at the end, all that was found on the disk,
 *                                                      some thousands a line; the next when one is noted
 *     ["counts",{name:number,…}]                       nothing: what the session has counted since it last said so; at
 *                                                      its end, and before that with another message, once a second
 *                                                      ["alone",why,text] at any time: this session bypasses the bucket
 *                                                      from now on, and why, as a word and for people
 *                                                      [] every second while a look-up is under way: it still lives
 *
 * The connection's end is the session's. Entries that were put or used, and not noted by then, stay in the client's own
 * journal in `journalDir`, which the next server, or helper of the same project, adopts; without `journalDir` there is
 * none. A peer that reads anything else closes the connection, which costs the client misses only. Ids are lower-case
 * hex of 64 digits, times milliseconds since 1970.
 */
import { isAbsolute, resolve, sep } from "node:path";
import { isCount, isObject, isSha256, isText, listOf, tableOf } from "../lib/shape.ts";

/** The version of all this. */
export const LINK_VERSION = 3;

/** The server's description of itself in its hello. */
export interface ServerInfo {
  link: number;
  pid: number;
  cacheDir: string;
  /** `undefined`: the remote needs no journal, or there is none. */
  journalDir?: string | undefined;
}

/** An entry as it goes over the link: action, output, size in bytes, put at (ms). */
export type LinkEntry = [string, string, number, number];

export type ClientMessage =
  | { kind: "get"; n: number; actionId: string }
  | { kind: "put"; n: number; entry: LinkEntry }
  | { kind: "used"; n: number; actionIds: string[] }
  | { kind: "counts"; counts: Record<string, number> };

export type ServerMessage =
  | { kind: "got"; n: number; found: [string, number, number] }
  | { kind: "missed"; n: number; reason: string }
  | { kind: "noted"; n: number }
  | { kind: "alone"; why: string; text: string }
  | { kind: "alive" };

/** The start of the line that makes a link of a connection. No JSON begins with it. */
export const LINK_WORD = "link ";

/** The longest line, in bytes. */
export const MAX_LINE_BYTES = 1 << 20;

/** The most ids on one line. */
export const MAX_LINE_IDS = 4_000;

/** A line that is not a valid message. */
class LinkError extends Error {
  override name = "LinkError" as const;

  constructor(line: string) {
    super(`not a message of the link: ${JSON.stringify(line.slice(0, 80))}`);
  }
}

/** The server's first line. */
export function formatGreeting(info: ServerInfo): string {
  return `${JSON.stringify({ ID: 0, KnownCommands: ["get", "put", "close"], Server: info })}\n`;
}

/** `undefined`: another program's hello, or none at all. */
export function parseGreeting(line: string): ServerInfo | undefined {
  const info = parseJson(line)?.Server;
  if (!isObject(info)) return undefined;
  const { link, pid, cacheDir, journalDir } = info;
  if (!isCount(link) || !isCount(pid) || !isText(cacheDir) || !isAbsolute(cacheDir)) return undefined;
  if (journalDir === undefined) return { link, pid, cacheDir };
  // On a port anybody may listen: nothing is written but below a cache directory.
  return isText(journalDir) && isBelow(cacheDir, journalDir)
    ? { link, pid, cacheDir, journalDir }
    : undefined;
}

/** `scope`: see `remote/scope/scope.ts`; checked by its user. */
export function formatOpening(scope: object): string {
  return `${LINK_WORD}${JSON.stringify({ version: LINK_VERSION, scope })}\n`;
}

/** The scope of a line that begins with `LINK_WORD`. */
export function parseOpening(line: string): unknown {
  const { version, scope } = parseJson(line.slice(LINK_WORD.length)) ?? {};
  if (version !== LINK_VERSION) throw new LinkError(line);
  return scope;
}

export function formatMessage(...message: unknown[]): string {
  return `${JSON.stringify(message)}\n`;
}

export function parseClientMessage(line: string): ClientMessage {
  const [kind, second, ...rest] = parseArray(line);
  if (kind === "get" && isCount(second) && isSha256(rest[0])) return { kind, n: second, actionId: rest[0] };
  if (kind === "put" && isCount(second) && isEntry(rest)) return { kind, n: second, entry: rest };
  if (kind === "used" && isCount(second) && listOf(isSha256)(rest[0]))
    return { kind, n: second, actionIds: rest[0] };
  if (kind === "counts" && tableOf(isCount)(second)) return { kind, counts: second };
  throw new LinkError(line);
}

export function parseServerMessage(line: string): ServerMessage {
  const [kind, n, ...rest] = parseArray(line);
  if (kind === undefined) return { kind: "alive" };
  if (kind === "noted" && isCount(n)) return { kind, n };
  if (kind === "alone" && isWord(n) && isText(rest[0])) return { kind, why: n, text: rest[0] };
  const [outputId, sizeBytes, putTimeMs] = rest;
  if (kind === "got" && isCount(n) && isWord(outputId) && rest.length === 1) {
    return { kind: "missed", n, reason: outputId };
  }
  if (kind === "got" && isCount(n) && isSha256(outputId) && isCount(sizeBytes) && isCount(putTimeMs)) {
    return { kind, n, found: [outputId, sizeBytes, putTimeMs] };
  }
  throw new LinkError(line);
}

function parseArray(line: string): unknown[] {
  const value: unknown = parseJson(line);
  if (!Array.isArray(value)) throw new LinkError(line);
  return value;
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isBelow(dir: string, path: string): boolean {
  return path.startsWith(dir + sep) && resolve(path) === path;
}

function isEntry(value: unknown): value is LinkEntry {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [actionId, outputId, sizeBytes, putTimeMs] = value;
  return isSha256(actionId) && isSha256(outputId) && isCount(sizeBytes) && isCount(putTimeMs);
}

function isWord(value: unknown): value is string {
  return isText(value) && /^[a-z]{1,32}$/.test(value);
}
