import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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
import { type EntryJournal, openJournal } from "../../../src/remote/packed/write/journal.ts";
import { ACTION, HELLO, type LocalFixture, openLocal, putOutput } from "../../buildcache/local-fixture.ts";
import { scopeOf } from "../../remote/packed/stocked-bucket.ts";
import { sha256Hex } from "../../support/ids.ts";
import { silentLog } from "../../support/silent-log.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** A server's end of one link, which notes everything, or nothing. */
function listen({ notes = true } = {}) {
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
          if (notes && "n" in message) socket.write(formatMessage("noted", message.n));
          if (!notes && message.kind === "used") socket.terminate();
        }
      },
      end: (socket) => void socket.end(),
    },
  });
  const told = () => messages.flatMap((message) => (message.kind === "used" ? [message.actionIds] : []));
  return { server, told };
}

async function linkTo(port: number, { local }: LocalFixture, journal?: EntryJournal) {
  const nothing = { onData: () => {}, onEnd: () => {} };
  const socket = await ClientSocket.connect({ kind: "tcp", host: "127.0.0.1", port }, nothing);
  const remote = new LinkRemote({
    address: "/run/server.sock",
    socket,
    scope: scopeOf(),
    journal,
    local,
    counters: new Counters(),
    log: silentLog,
    onSilent: () => {},
  });
  return { remote, socket };
}

test("what a very large build used is reported in lines that the server accepts", async () => {
  using dir = tempDir("link-remote");
  const { server, told } = listen();
  const { remote } = await linkTo(server.port, openLocal(dir.path));
  const ids = Array.from({ length: 9_000 }, (_, n) => sha256Hex(`${n}`));
  for (const actionId of ids) remote.used(actionId);
  await remote.settle();
  server.stop(true);
  expect(told().map((some) => some.length)).toEqual([4_000, 4_000, 1_000]);
  expect(told().flat()).toEqual(ids);
});

test("what the server has not noted is left in the journal", async () => {
  using dir = tempDir("link-remote");
  const cache = openLocal(dir.path);
  const { server, told } = listen({ notes: false });
  const journalDir = dir.join("journal");
  const { remote } = await linkTo(server.port, cache, openJournal(journalDir, scopeOf()));
  putOutput(cache.local, HELLO, "hello");
  cache.local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
  const gone = Array.from({ length: 5_000 }, (_, n) => sha256Hex(`${n}`));
  for (const actionId of [...gone, ACTION]) remote.used(actionId);
  await remote.settle();
  server.stop(true);
  expect(told()).toHaveLength(1);
  const left = [...gone, ACTION].map((actionId) => ({ actionId }));
  expect(openJournal(journalDir, scopeOf()).adopt()).toEqual(left);
});

test("what is put while the server does not read waits in the journal, not in memory", async () => {
  using dir = tempDir("link-remote");
  const server = createServer((peer) => peer.pause());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const journal = openJournal(dir.join("journal"), scopeOf());
  const { port } = server.address() as AddressInfo;
  const { remote, socket } = await linkTo(port, openLocal(dir.path), journal);
  const entry = { outputId: HELLO, sizeBytes: 5, putTimeMs: 1, path: "/x" };
  const count = 100_000;
  for (let n = 0; n < count; n++) remote.put({ ...entry, actionId: sha256Hex(`${n}`) });
  expect(socket.unsentBytes).toBeGreaterThan(1 << 20);
  expect(socket.unsentBytes).toBeLessThan(5 << 20);
  socket.destroy();
  await remote.drain();
  server.close();
  const adopter = openJournal(dir.join("journal"), scopeOf());
  expect(adopter.adopt()).toHaveLength(count);
  adopter.discard();
});
