/** Messages between `connect` and a server; on a port, the peer may be any program. */
import { checkScope } from "../../../src/app/serve/plugin/check-scope.ts";
import { LineReader } from "../../../src/net/line-reader.ts";
import {
  formatGreeting,
  formatMessage,
  LINK_WORD,
  MAX_LINE_BYTES,
  parseClientMessage,
  parseGreeting,
  parseOpening,
  parseServerMessage,
  type ServerMessage,
} from "../../../src/net/link-protocol.ts";
import { type Recordings, toBytes } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, parsed, same } from "../target.ts";

const WORDS = [
  '["get",',
  '["put",',
  '["used",',
  '["counts",{',
  "[]",
  '"__proto__":1',
  "null",
  '"scope":{',
  '"version":1',
];
const isLinkError = (error: unknown) => error instanceof Error && error.name === "LinkError";
const never = () => false;

function clientLines({ link }: Recordings, isOpening: boolean): Buffer[] {
  return toBytes(...link.client.filter((line) => line.startsWith(LINK_WORD) === isOpening));
}

const client: FuzzTarget = {
  name: "client's messages",
  promise: "a message that formats to the same text, or a LinkError",
  thousands: 40,
  recordings: (all) => clientLines(all, false),
  words: WORDS,
  attempt(input) {
    const message = parsed(() => parseClientMessage(input.toString()), isLinkError);
    if (message === undefined) return "refused";
    same(parseClientMessage(lineOf(message)), message, "read again");
    return "accepted";
  },
};

function lineOf(message: ReturnType<typeof parseClientMessage>): string {
  if (message.kind === "get") return formatMessage("get", message.n, message.actionId);
  if (message.kind === "put") return formatMessage("put", message.n, ...message.entry);
  if (message.kind === "used") return formatMessage("used", message.n, message.actionIds);
  return formatMessage("counts", message.counts);
}

function formatServerMessage(message: Exclude<ServerMessage, { kind: "alive" }>): string {
  if (message.kind === "got") return formatMessage("got", message.n, ...message.found);
  if (message.kind === "missed") return formatMessage("got", message.n, message.reason);
  if (message.kind === "alone") return formatMessage("alone", message.why, message.text);
  return formatMessage("noted", message.n);
}

const server: FuzzTarget = {
  name: "server's messages",
  promise: "an answer that formats to the same text, or a LinkError",
  thousands: 40,
  recordings: ({ link }) => toBytes(...link.server.filter((line) => line.startsWith("["))),
  words: ['["got",', '["noted",', "[]", "null"],
  attempt(input) {
    const message = parsed(() => parseServerMessage(input.toString()), isLinkError);
    if (message === undefined) return "refused";
    if (message.kind === "alive") return "accepted";
    same(parseServerMessage(formatServerMessage(message)), message, "read again");
    return "accepted";
  },
};

const greeting: FuzzTarget = {
  name: "greeting",
  promise: "numbers, and directories, with the journal's in the cache's; nothing is thrown",
  thousands: 40,
  recordings: ({ link }) => toBytes(...link.server.filter((line) => line.startsWith("{"))),
  words: ['"Server":{', '"cacheDir":"/', "/../", '"journalDir":"/etc"'],
  attempt(input) {
    const info = parsed(() => parseGreeting(input.toString()), never);
    if (info === undefined) return "refused";
    same(parseGreeting(formatGreeting(info)), info, "read again");
    holds(
      info.journalDir === undefined || info.journalDir.startsWith(`${info.cacheDir}/`),
      "a journal elsewhere",
    );
    holds(!`${info.journalDir ?? ""}/`.includes("/../"), "a journal above");
    return "accepted";
  },
};

const opening: FuzzTarget = {
  name: "opening of a link",
  promise: "a scope of texts that fit into a key, or nothing, or a LinkError",
  thousands: 40,
  recordings: (all) => clientLines(all, true),
  words: WORDS,
  attempt(input) {
    const value = parsed(() => parseOpening(input.toString()), isLinkError);
    const scope = parsed(() => checkScope(value), never);
    if (scope === undefined) return "refused";
    same(checkScope(scope), scope, "read again");
    holds(JSON.stringify(scope).length < 400_000, "a scope without an end");
    return "accepted";
  },
};

const lines: FuzzTarget = {
  name: "lines",
  promise: "the stream's own lines, however it is cut, or an Error at a long one",
  thousands: 40,
  recordings: ({ link }) => toBytes(link.client.join("\n"), link.server.join("\n")),
  attempt(input) {
    const reader = new LineReader(MAX_LINE_BYTES);
    const found: string[] = [];
    for (let at = 0; at < input.length; at += 1_000)
      found.push(...reader.feed(input.subarray(at, at + 1_000)));
    same(found, input.toString().split("\n").slice(0, -1), "other lines");
    return found.length > 0 ? "accepted" : "refused";
  },
};

export const LINK_TARGETS: readonly FuzzTarget[] = [client, server, greeting, opening, lines];
