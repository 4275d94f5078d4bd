/** go's requests to its helper. */
import { parseRequest } from "../../../src/cacheprog/messages.ts";
import { ProtocolError } from "../../../src/cacheprog/protocol-error.ts";
import { readEvents } from "../../cacheprog/reader-events.ts";
import { type FuzzTarget, holds, parsed, same } from "../target.ts";

/** The beginning of a stream: the rest repeats it. */
const STREAM_BYTES = 2_000;

const WORDS = [
  '{"ID":1}',
  '"ActionID":"',
  '"BodySize":',
  '"Command":"put"',
  '"AAAA"',
  "null",
  '{"ID":1,"Command":"close"}\n',
];

const reader: FuzzTarget = {
  name: "requests of go",
  promise:
    "requests, or a ProtocolError, and the same however the stream is cut; a body is never longer than sent",
  thousands: 40,
  recordings: ({ builds }) => builds.sessions.map((bytes) => bytes.subarray(0, STREAM_BYTES)),
  words: WORDS,
  attempt(input) {
    const whole = readEvents([input]);
    const middle = input.length >> 1;
    const halves = readEvents([input.subarray(0, middle), input.subarray(middle)]);
    same(halves.map(kindOf), whole.map(kindOf), "cut in two it is something else");
    const bodyChars = whole.reduce((sum, event) => sum + ("body" in event ? event.body.length : 0), 0);
    holds(bodyChars <= 2 * input.length, "a body is longer than what came");
    const thrown = whole.find((event) => "thrown" in event);
    holds(thrown === undefined || thrown.thrown.startsWith("ProtocolError: "), `it throws ${thrown?.thrown}`);
    return thrown === undefined ? "accepted" : "refused";
  },
};

/** Messages quote the input so far. */
function kindOf(event: ReturnType<typeof readEvents>[number]): unknown {
  if ("thrown" in event) return "thrown";
  return "error" in event && event.error !== undefined ? "bad body" : event;
}

const request: FuzzTarget = {
  name: "one request",
  promise: "whole ids in hex, a body of a size, and an id in digits; or a ProtocolError",
  thousands: 40,
  recordings: ({ builds }) =>
    builds.sessions.flatMap((bytes) =>
      bytes
        .toString("latin1")
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .slice(0, 8)
        .map((line) => Buffer.from(line, "latin1")),
    ),
  words: WORDS,
  attempt(input) {
    const found = parsed(
      () => parseRequest(input.toString("latin1")),
      (error) => error instanceof ProtocolError,
    );
    if (found === undefined) return "refused";
    for (const id of [found.actionId, found.outputId])
      holds(/^([0-9a-f]{2}){0,64}$/.test(id), `an id is ${id}`);
    holds(/^-?\d+$/.test(found.id), `the number is ${found.id}`);
    holds(
      Number.isSafeInteger(found.bodyBytes) && found.bodyBytes >= 0,
      `the body has ${found.bodyBytes} bytes`,
    );
    return "accepted";
  },
};

export const CACHEPROG_TARGETS: readonly FuzzTarget[] = [reader, request];
