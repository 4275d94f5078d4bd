/** What the fault proxy can do to a request instead of carrying it faithfully. */
import { formatHead, headerOf, type MessageHead, withHeader } from "./http-reader.ts";

/** A request as rules see it; `path` is decoded and without the query. */
export interface SeenRequest {
  method: string;
  path: string;
}

export type Fault =
  /** The connection is torn down; nothing is forwarded. */
  | { kind: "reset" }
  /** The request is taken and never answered. */
  | { kind: "hang" }
  /** The request waits this long before it is forwarded. */
  | { kind: "delay"; ms: number }
  /** Answered here; nothing is forwarded. */
  | { kind: "answer"; status: number; body: string; contentType: string }
  /** The answer's body is changed or cut on its way. */
  | BodyFault
  /** The answer carries this ETag. */
  | { kind: "etag"; value: string }
  /** The answer carries another time than the server's. */
  | { kind: "date"; offsetMs: number };

type BodyFault =
  | { kind: "reset-in-body"; afterBytes: number }
  | { kind: "hang-in-body"; afterBytes: number }
  /** The end is missing. The head still promises all of it, promises only what comes, or promises nothing. */
  | { kind: "truncate"; afterBytes: number; promised: "all" | "what-comes" | "nothing" }
  | { kind: "flip"; atByte: number }
  | { kind: "drip"; bytes: number; everyMs: number };

const S3_CODES: Record<number, string> = {
  403: "AccessDenied",
  404: "NoSuchKey",
  500: "InternalError",
  503: "SlowDown",
};

/** S3's own way of refusing with `status`. */
export function s3Error(status: number): Fault {
  const code = S3_CODES[status] ?? "InternalError";
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>planted</Message><RequestId>1</RequestId></Error>`;
  return { kind: "answer", status, body, contentType: "application/xml" };
}

/** What a captive portal or a broken gateway says: 200 and a page. */
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
  const head = formatHead({
    startLine: `HTTP/1.1 ${fault.status} Planted`,
    headers: [
      ["Content-Type", fault.contentType],
      ["Content-Length", String(Buffer.byteLength(fault.body))],
      ["Date", new Date().toUTCString()],
    ],
  });
  return method === "HEAD" ? head : Buffer.concat([head, Buffer.from(fault.body)]);
}

/** The head that goes with a faulty body. */
export function faultyHead(head: MessageHead, fault: Fault): MessageHead {
  if (fault.kind === "etag") return withHeader(head, "ETag", fault.value);
  if (fault.kind === "date") {
    return withHeader(head, "Date", new Date(Date.now() + fault.offsetMs).toUTCString());
  }
  if (fault.kind !== "truncate" || fault.promised === "all") return head;
  const whole = Number(headerOf(head, "content-length") ?? 0);
  const length = fault.promised === "nothing" ? undefined : String(Math.min(whole, fault.afterBytes));
  return withHeader(withHeader(head, "Content-Length", length), "Connection", "close");
}

/** `"end"`: no more of this body, close in order. `"reset"`: tear down. `"hang"`: keep open, send nothing. */
export type BodyEnd = "complete" | "end" | "reset" | "hang";

/** Passes a body on to `write` the way `fault` says. */
export async function relayFaulty(
  body: AsyncIterable<Buffer>,
  fault: Fault | undefined,
  write: (piece: Buffer) => Promise<void>,
): Promise<BodyEnd> {
  let sent = 0;
  for await (const piece of body) {
    const left = bytesBeforeEnd(fault) - sent;
    if (left < piece.length) {
      if (left > 0) await write(piece.subarray(0, left));
      return endOf(fault);
    }
    await writePiece(piece, sent, fault, write);
    sent += piece.length;
  }
  return "complete";
}

function bytesBeforeEnd(fault: Fault | undefined): number {
  return fault !== undefined && "afterBytes" in fault ? fault.afterBytes : Number.POSITIVE_INFINITY;
}

function endOf(fault: Fault | undefined): BodyEnd {
  if (fault?.kind === "reset-in-body") return "reset";
  return fault?.kind === "hang-in-body" ? "hang" : "end";
}

async function writePiece(
  piece: Buffer,
  offset: number,
  fault: Fault | undefined,
  write: (piece: Buffer) => Promise<void>,
): Promise<void> {
  if (fault?.kind === "flip") return await write(flipped(piece, fault.atByte - offset));
  if (fault?.kind !== "drip") return await write(piece);
  for (let at = 0; at < piece.length; at += fault.bytes) {
    await Bun.sleep(fault.everyMs);
    await write(piece.subarray(at, at + fault.bytes));
  }
}

function flipped(piece: Buffer, at: number): Buffer {
  const copy = Buffer.from(piece);
  if (at >= 0 && at < copy.length) copy[at] = (copy[at] ?? 0) ^ 0x20;
  return copy;
}
