/** A reader's events don't depend on how the pipe splits the stream into chunks. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { byteByByte, cut, readEvents } from "./reader-events.ts";
import { closeText, getText, putText } from "./wire.ts";

const id = fc.integer({ min: 1, max: 2 ** 31 });
const action = fc.nat(255);
const request = fc.oneof(
  fc.tuple(id, action).map(([n, a]) => getText(n, a)),
  fc.tuple(id, action, fc.uint8Array({ maxLength: 300 })).map(([n, a, body]) => putText(n, a, body)),
  id.map((n) => closeText(n)),
  fc.tuple(id, fc.string()).map(([n, text]) => `${JSON.stringify({ ID: n, Command: "x", text })}\n`),
);
const requests = fc.array(request, { maxLength: 6 }).map((texts) => Buffer.from(texts.join("")));

/** Requests with one byte replaced: most of them are invalid. */
const damaged = fc
  .tuple(requests, fc.nat(), fc.nat(255))
  .filter(([bytes]) => bytes.length > 0)
  .map(([bytes, at, byte]) => {
    const copy = Buffer.from(bytes);
    copy[at % copy.length] = byte;
    return copy;
  });
const places = fc.array(fc.nat(100_000), { maxLength: 20 });

/**
 * The part of the events that must not depend on the chunks. Messages quote the stream read so far, and of an invalid
 * body any beginning may be reported.
 */
function comparable(chunks: Buffer[]): unknown[] {
  return readEvents(chunks).map((event) => {
    if ("thrown" in event) return { thrown: event.thrown.replace(/[:,] (got )?".*/, "") };
    return "error" in event && event.error !== undefined ? "a bad body" : event;
  });
}

test("valid requests give the same events, wherever they are split", () => {
  fc.assert(
    fc.property(requests, places, (bytes, ends) => {
      expect(readEvents(cut(bytes, ends))).toEqual(readEvents([bytes]));
    }),
    { numRuns: 400 },
  );
});

test("damaged requests give the same events, wherever they are split", () => {
  fc.assert(
    fc.property(damaged, places, (bytes, ends) => {
      expect(comparable(cut(bytes, ends))).toEqual(comparable([bytes]));
    }),
    { numRuns: 400 },
  );
});

test("requests fed byte by byte give the same events as in one chunk", () => {
  fc.assert(
    fc.property(fc.oneof(requests, damaged), (bytes) => {
      expect(comparable(byteByByte(bytes))).toEqual(comparable([bytes]));
    }),
    { numRuns: 100 },
  );
});

test("arbitrary bytes give events or a protocol error, never another error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const thrown = readEvents([Buffer.from(bytes)]).filter((event) => "thrown" in event);
      expect(thrown.filter((event) => !event.thrown.startsWith("ProtocolError: "))).toEqual([]);
    }),
  );
});
