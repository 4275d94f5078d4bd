import type { Request } from "../../src/cacheprog/messages.ts";
import { RequestReader } from "../../src/cacheprog/request-reader.ts";

/** The events of a reader, with the pieces of each body joined. */
export type ReaderEvent = Request | { body: string; error: string | undefined } | { thrown: string };

/** All events of a reader for `chunks` and the end of the input. */
export function readEvents(chunks: Iterable<Buffer>): ReaderEvent[] {
  const events: ReaderEvent[] = [];
  let body: Buffer[] = [];
  const reader = new RequestReader({
    onRequest: (request) => events.push(request),
    onBody: (bytes) => body.push(Buffer.from(bytes)),
    onBodyEnd: (error) => {
      events.push({ body: Buffer.concat(body).toString("hex"), error });
      body = [];
    },
  });
  try {
    for (const chunk of chunks) reader.feed(chunk);
    reader.end();
  } catch (error) {
    events.push({ thrown: String(error) });
  }
  return events;
}

/** The bytes of a text, split at these offsets. */
export function cut(bytes: Buffer, places: Iterable<number>): Buffer[] {
  const ends = [...new Set([...places].map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end));
}

/** The bytes of a text, one by one. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return [...bytes.keys()].map((at) => bytes.subarray(at, at + 1));
}
