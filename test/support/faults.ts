/** The faults that the fault proxy can apply to a request. */
import { formatHead, headerOf, type MessageHead, withHeader } from "./http-reader.ts";

/** A request as rules see it; `path` is decoded and without the query. */
export interface SeenRequest {
  method: string;
  path: string;
}

/** The operation of a request on the bucket in its path. */
export function operationOf({ method, path }: SeenRequest): "get" | "put" | "list" | "other" {
  if (method === "PUT") return "put";
  if (method !== "GET" && method !== "HEAD") return "other";
  // The bucket itself, and not a key in it.
  return /^\/[^/]+\/?$/.test(path) ? "list" : "get";
}

export type Fault =
  /** From this request on nothing listens, and open connections are reset. */
  | { kind: "refuse" }
  /** The connection is reset; nothing is forwarded. */
  | { kind: "reset" }
  /** The request is read and never answered. */
  | { kind: "hang" }
  /** The request waits for this before it is forwarded. */
  | { kind: "delay"; until: Promise<void> }
  /** Answered here; nothing is forwarded. */
  | { kind: "answer"; status: number; body: string; contentType: string; headers?: Record<string, string> }
  /** A body is changed or truncated in transit: the request's if it has one, otherwise the answer's. */
  | BodyFault
  /** The answer carries another time than the server's. */
  | { kind: "date"; offsetMs: number }
  /** The answer's header has this value. */
  | { kind: "header"; name: string; value: string }
  /** The answer's body comes twice, and its length says so. */
  | { kind: "double" }
  /** The answer is the previous one that met this fault; the first one is forwarded unchanged. */
  | { kind: "late" };

type BodyFault =
  | ({ kind: "reset-in-body" } & End)
  | ({ kind: "hang-in-body" } & End)
  /** The end is missing. The head promises the whole body, only the part that is sent, or nothing. */
  | ({ kind: "truncate"; promised: "all" | "what-comes" | "nothing" } & End)
  | ({ kind: "flip" } & ({ atByte: number } | { atShare: number }))
  | { kind: "drip"; bytes: number; everyMs: number };

/** The place where a body breaks off; a share is between 0 and 1. */
type End = { afterBytes: number } | { afterShare: number };

const BODY_FAULTS = new Set(["reset-in-body", "hang-in-body", "truncate", "flip", "drip"]);

/** The same fault if it applies to bodies. */
export function bodyFault(fault: Fault | undefined): Fault | undefined {
  return fault !== undefined && BODY_FAULTS.has(fault.kind) ? fault : undefined;
}

const S3_CODES: Record<number, string> = {
  403: "AccessDenied",
  404: "NoSuchKey",
  412: "PreconditionFailed",
  500: "InternalError",
  503: "SlowDown",
};

/** S3's own way of refusing with `status`. */
export function s3Error(
  status: number,
  code = S3_CODES[status] ?? "InternalError",
  headers: Record<string, string> = {},
): Fault {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>planted</Message><RequestId>1</RequestId></Error>`;
  return { kind: "answer", status, body, contentType: "application/xml", headers };
}

/** The answer of a captive portal or a broken gateway: 200 and a page. */
export function htmlPage(status = 200): Fault {
  return {
    kind: "answer",
    status,
    body: "<!doctype html><title>Sign in</title><p>Welcome to the Wi-Fi",
    contentType: "text/html",
  };
}

/** The bytes of an answer given without the upstream. */
export function formatAnswer(fault: Fault & { kind: "answer" }, method: string): Buffer {
  const headers = {
    "Content-Type": fault.contentType,
    "Content-Length": String(Buffer.byteLength(fault.body)),
    Date: new Date().toUTCString(),
    ...fault.headers,
  };
  const head = formatHead({
    startLine: `HTTP/1.1 ${fault.status} Planted`,
    headers: Object.entries(headers),
  });
  return method === "HEAD" ? head : Buffer.concat([head, Buffer.from(fault.body)]);
}

/** The head that goes with a faulty body. */
export function faultyHead(head: MessageHead, fault: Fault): MessageHead {
  if (fault.kind === "header") return withHeader(head, fault.name, fault.value);
  if (fault.kind === "date") {
    return withHeader(head, "Date", new Date(Date.now() + fault.offsetMs).toUTCString());
  }
  if (fault.kind !== "truncate" || fault.promised === "all") return head;
  const whole = lengthOf(head);
  const length =
    fault.promised === "nothing" ? undefined : String(Math.min(whole, bytesBeforeEnd(fault, whole)));
  return withHeader(withHeader(head, "Content-Length", length), "Connection", "close");
}

/** How many bytes a head promises; 0 when it does not say. */
export function lengthOf(head: MessageHead): number {
  return Number(headerOf(head, "content-length") ?? 0);
}

/** `"end"`: no more of this body, close in order. `"reset"`: tear down. `"hang"`: keep open, send nothing. */
export type BodyEnd = "complete" | "end" | "reset" | "hang";

/** Passes a body of a promised length on to `write` the way `fault` says. */
export async function relayFaulty(
  { body, length }: { body: AsyncIterable<Buffer>; length: number },
  fault: Fault | undefined,
  write: (piece: Buffer) => Promise<void>,
): Promise<BodyEnd> {
  let sent = 0;
  const endsAfter = bytesBeforeEnd(fault, length);
  const flipsAt = flippedByte(fault, length);
  for await (const piece of body) {
    const left = endsAfter - sent;
    if (left < piece.length) {
      if (left > 0) await write(piece.subarray(0, left));
      return endOf(fault);
    }
    if (fault?.kind === "drip") await drip(piece, fault, write);
    else await write(flipsAt === undefined ? piece : flipped(piece, flipsAt - sent));
    sent += piece.length;
  }
  return "complete";
}

function bytesBeforeEnd(fault: Fault | undefined, length: number): number {
  if (fault !== undefined && "afterBytes" in fault) return fault.afterBytes;
  if (fault !== undefined && "afterShare" in fault) return Math.floor(fault.afterShare * length);
  return Number.POSITIVE_INFINITY;
}

function flippedByte(fault: Fault | undefined, length: number): number | undefined {
  if (fault?.kind !== "flip") return undefined;
  return "atByte" in fault ? fault.atByte : Math.floor(fault.atShare * length);
}

function endOf(fault: Fault | undefined): BodyEnd {
  if (fault?.kind === "reset-in-body") return "reset";
  return fault?.kind === "hang-in-body" ? "hang" : "end";
}

async function drip(
  piece: Buffer,
  { bytes, everyMs }: { bytes: number; everyMs: number },
  write: (piece: Buffer) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < piece.length; at += bytes) {
    await Bun.sleep(everyMs);
    await write(piece.subarray(at, at + bytes));
  }
}

function flipped(piece: Buffer, at: number): Buffer {
  const copy = Buffer.from(piece);
  if (at >= 0 && at < copy.length) copy[at] = (copy[at] ?? 0) ^ 0x20;
  return copy;
}
