import { expect, test } from "bun:test";
import { LinkRemote } from "../../../src/app/connect/link-remote.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { ClientSocket } from "../../../src/net/client-socket.ts";
import { LineReader } from "../../../src/net/line-reader.ts";
import {
  formatMessage,
  LINK_WORD,
  MAX_LINE_BYTES,
  parseClientMessage,
} from "../../../src/net/link-protocol.ts";
import { scopeOf } from "../../remote/packed/stocked-bucket.ts";
import { sha256Hex } from "../../support/ids.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A server's end of one link, which notes everything. */
function listen() {
  const messages: ReturnType<typeof parseClientMessage>[] = [];
  const reader = new LineReader(MAX_LINE_BYTES);
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => {
        for (const line of reader.feed(bytes)) {
          if (line.startsWith(LINK_WORD)) continue;
          const message = parseClientMessage(line);
          messages.push(message);
          if ("n" in message) socket.write(formatMessage("noted", message.n));
        }
      },
      end: (socket) => void socket.end(),
    },
  });
  return { server, messages };
}

test("what a very large build used is reported in lines that the server accepts", async () => {
  const { server, messages } = listen();
  const nothing = { onData: () => {}, onEnd: () => {} };
  const socket = await ClientSocket.connect({ kind: "tcp", host: "127.0.0.1", port: server.port }, nothing);
  const remote = new LinkRemote({
    address: "/run/server.sock",
    socket,
    scope: scopeOf(),
    journal: undefined,
    counters: new Counters(),
    log: silentLog,
    onSilent: () => {},
  });
  const ids = Array.from({ length: 9_000 }, (_, n) => sha256Hex(`${n}`));
  const numbers = { sizeBytes: Number.MAX_SAFE_INTEGER, putTimeMs: Number.MAX_SAFE_INTEGER };
  for (const actionId of ids) remote.used({ actionId, outputId: actionId, path: "/x", ...numbers });
  await remote.settle();
  server.stop(true);
  const told = messages.flatMap((message) =>
    message.kind === "used" ? [message.entries.map(([id]) => id)] : [],
  );
  expect(told.map((some) => some.length)).toEqual([4_000, 4_000, 1_000]);
  expect(told.flat()).toEqual(ids);
});
