/**
 * The messages of Go's GOCACHEPROG protocol, Go 1.24 and later
 * (https://pkg.go.dev/cmd/go/internal/cacheprog): a stream of JSON objects each way. Ids of actions and outputs
 * are base64 on the wire and lower-case hex everywhere in this program.
 */
import { excerpt } from "../lib/text/excerpt.ts";
import { ProtocolError } from "./protocol-error.ts";

/** A request from go. Go before 1.24 calls `OutputID` `ObjectID`. */
export interface Request {
  /** The digits of the JSON number: a 64-bit integer may not fit a JavaScript number. */
  id: string;
  command: string;
  /** Lower-case hex; empty when missing or malformed. */
  actionId: string;
  outputId: string;
  /** Bytes of the body that follows; 0: no body follows. */
  bodyBytes: number;
}

/** The answer to a successful get or put. */
export interface Hit {
  outputId: string;
  sizeBytes: number;
  putTimeMs: number;
  /** Path of a file with exactly the output's bytes. */
  path: string;
}

export const HELLO = '{"ID":0,"KnownCommands":["get","put","close"]}\n';

/** Longest accepted id in bytes; go's have 32. The limit keeps file names short enough for every file system. */
const MAX_ID_BYTES = 64;

/** go rejects years of more than four digits, and a file system may report any. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Throws a `ProtocolError` if the text is not a request. Invalid values of known keys become empty. */
export function parseRequest(text: string): Request {
  const fields = parseObject(text);
  const bodyBytes = fields.BodySize ?? 0;
  if (typeof bodyBytes !== "number" || !Number.isSafeInteger(bodyBytes) || bodyBytes < 0) {
    throw new ProtocolError(`BodySize is not a size: ${excerpt(text)}`);
  }
  return {
    id: requestId(fields.ID, text),
    command: typeof fields.Command === "string" ? fields.Command : "",
    actionId: hexId(fields.ActionID),
    outputId: hexId(fields.OutputID ?? fields.ObjectID),
    bodyBytes,
  };
}

export function formatHit(id: string, hit: Hit): string {
  const outputId = Buffer.from(hit.outputId, "hex").toString("base64");
  const time = new Date(Math.min(Math.max(hit.putTimeMs, 0), LATEST_MS)).toISOString();
  return `{"ID":${id},"OutputID":"${outputId}","Size":${hit.sizeBytes},"Time":"${time}","DiskPath":${JSON.stringify(hit.path)}}\n`;
}

export function formatMiss(id: string): string {
  return `{"ID":${id},"Miss":true}\n`;
}

export function formatError(id: string, message: string): string {
  return `{"ID":${id},"Err":${JSON.stringify(message)}}\n`;
}

export function formatClosed(id: string): string {
  return `{"ID":${id}}\n`;
}

function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null)
    throw new ProtocolError(`not a JSON object: ${excerpt(text)}`);
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError(`not a JSON object: ${excerpt(text)}`, { cause });
  }
}

function requestId(id: unknown, text: string): string {
  if (typeof id === "number" && Number.isSafeInteger(id)) return String(id);
  // Only ids beyond 2^53 need their digits from the source text.
  const digits = typeof id === "number" ? numbersAsWritten(text).ID : undefined;
  if (digits === undefined || !/^-?\d+$/.test(digits)) {
    throw new ProtocolError(`request without an integer ID: ${excerpt(text)}`);
  }
  return digits;
}

/** The object with its numbers as text. */
function numbersAsWritten(text: string): Record<string, string> {
  const reviver = (_key: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === "number" ? source : value;
  return JSON.parse(text, reviver);
}

function hexId(value: unknown): string {
  if (typeof value !== "string" || value.length > 2 * MAX_ID_BYTES) return "";
  const bytes = Buffer.from(value, "base64");
  // The decoder skips characters that are not base64, and two invalid ids must not become the same id.
  return bytes.length > MAX_ID_BYTES || bytes.toString("base64") !== value ? "" : bytes.toString("hex");
}
