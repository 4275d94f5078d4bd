import { expect, test } from "bun:test";
import { HELLO_MESSAGE, SessionPeer, startSession } from "./session-peer.ts";
import { actionId, closeText, getText, outputId, putText } from "./wire.ts";

/** The requests, and their expected answers in order. */
type Step = { send: string; expect: unknown[] };

const EPOCH = "1970-01-01T00:00:00.000Z";
const hit = (ID: number, body: string) => ({
  ID,
  OutputID: outputId(body).base64,
  Size: body.length,
  Time: EPOCH,
  DiskPath: `/cache/${outputId(body).hex}`,
});
const A0 = actionId(0).base64;
const OH = outputId("hello").base64;

const SESSIONS: [string, Step[]][] = [
  ["a miss", [{ send: getText(1, 0), expect: [{ ID: 1, Miss: true }] }]],
  [
    "a put, then a hit",
    [
      { send: putText(1, 0, "hello"), expect: [hit(1, "hello")] },
      { send: getText(2, 0), expect: [hit(2, "hello")] },
    ],
  ],
  [
    "an empty put and the request right after it",
    [{ send: putText(1, 0, "") + getText(2, 0), expect: [hit(1, ""), hit(2, "")] }],
  ],
  [
    "several requests in one write",
    [
      {
        send: putText(1, 0, "a") + putText(2, 1, "bc") + getText(3, 1) + getText(4, 2),
        expect: [hit(1, "a"), hit(2, "bc"), hit(3, "bc"), { ID: 4, Miss: true }],
      },
    ],
  ],
  [
    "the older name of an output id",
    [{ send: putText(1, 0, "hello").replace("OutputID", "ObjectID"), expect: [hit(1, "hello")] }],
  ],
  [
    "an unknown command",
    [
      { send: '{"ID":1,"Command":"frob","X":[1]}\n\n', expect: [{ ID: 1, Err: 'unknown command "frob"' }] },
      { send: getText(2, 0), expect: [{ ID: 2, Miss: true }] },
    ],
  ],
  [
    "an unknown command with a body",
    [
      {
        send: `{"ID":1,"Command":"frob","BodySize":5}\n\n"aGVsbG8="\n${getText(2, 0)}`,
        expect: [
          { ID: 1, Err: 'frob: unknown command "frob"' },
          { ID: 2, Miss: true },
        ],
      },
    ],
  ],
  [
    "a get without an action",
    [
      {
        send: `{"ID":1,"Command":"get"}\n\n${getText(2, 0)}`,
        expect: [
          { ID: 1, Err: "get without a valid ActionID" },
          { ID: 2, Miss: true },
        ],
      },
    ],
  ],
  [
    "puts without an id: their bodies are skipped",
    [
      {
        send: `{"ID":1,"Command":"put","OutputID":"${OH}","BodySize":5}\n\n"aGVsbG8="\n`,
        expect: [{ ID: 1, Err: "put: no valid ActionID" }],
      },
      {
        send: `{"ID":2,"Command":"put","ActionID":"${A0}","BodySize":5}\n\n"aGVsbG8="\n${getText(3, 0)}`,
        expect: [
          { ID: 2, Err: "put: no valid OutputID" },
          { ID: 3, Miss: true },
        ],
      },
    ],
  ],
];

test.each(SESSIONS)("serves %s", async (_, steps) => {
  const peer = await startSession();
  for (const step of steps) {
    peer.send(step.send);
    for (const answer of step.expect) expect(await peer.next()).toEqual(answer);
  }
  expect(await peer.end()).toEqual({ how: "eof" });
  expect(peer.unread).toEqual([]);
});

test("sends the hello line first, once, without a request", async () => {
  const peer = new SessionPeer();
  expect(peer.unread.map((line) => JSON.parse(line))).toEqual([HELLO_MESSAGE]);
  await peer.end();
  expect(peer.unread).toHaveLength(1);
});

test("answers gets in the order of their results", async () => {
  const peer = await startSession();
  const slow = peer.cache.delay(actionId(1).hex);
  const slower = peer.cache.delay(actionId(2).hex);
  peer.send(getText(1, 2) + getText(2, 1) + getText(3, 0));
  expect(await peer.next()).toEqual({ ID: 3, Miss: true });
  slow.resolve({ outputId: outputId("x").hex, sizeBytes: 1, putTimeMs: 0, path: "/x" });
  expect(await peer.next()).toMatchObject({ ID: 2, DiskPath: "/x" });
  slower.resolve(undefined);
  expect(await peer.next()).toEqual({ ID: 1, Miss: true });
  await peer.end();
});

test("answers each of 500 concurrent gets once", async () => {
  const peer = await startSession();
  const pending = Array.from({ length: 256 }, (_, n) => peer.cache.delay(actionId(n).hex));
  const ids = Array.from({ length: 500 }, (_, n) => (n * 7919) % 500);
  peer.send(ids.map((id) => getText(id, id % 256)).join(""));
  for (const get of pending.reverse()) get.resolve(undefined);
  const answered: number[] = [];
  for (const _ of ids) answered.push(((await peer.next()) as { ID: number }).ID);
  expect(answered.sort((a, b) => a - b)).toEqual(ids.sort((a, b) => a - b));
  await peer.end();
  expect(peer.unread).toEqual([]);
});

test("a get that rejects is a miss", async () => {
  const peer = await startSession();
  peer.cache.delay(actionId(0).hex).reject(new Error("remote"));
  peer.send(getText(1, 0));
  expect(await peer.next()).toEqual({ ID: 1, Miss: true });
  await peer.end();
});

test("a get that throws is a miss", async () => {
  const peer = await startSession();
  peer.cache.failure = { at: "get", message: "disk" };
  peer.send(getText(1, 0));
  expect(await peer.next()).toEqual({ ID: 1, Miss: true });
  await peer.end();
});

test("close ends the session and returns the answer for the caller to send", async () => {
  const peer = await startSession();
  peer.send(closeText(9));
  expect(await peer.ended).toEqual({ how: "close", answer: '{"ID":9}\n' });
  expect(peer.unread).toEqual([]);
});

test("close waits for the gets before it", async () => {
  const peer = await startSession();
  const pending = peer.cache.delay(actionId(0).hex);
  peer.send(getText(1, 0) + closeText(2));
  pending.resolve(undefined);
  const end = await peer.ended;
  expect([end, ...peer.unread]).toEqual([{ how: "close", answer: '{"ID":2}\n' }, '{"ID":1,"Miss":true}\n']);
});

test("requests after close get no answer", async () => {
  const peer = await startSession();
  peer.send(closeText(1) + getText(2, 0) + putText(3, 0, "hello") + closeText(4));
  expect(await peer.ended).toEqual({ how: "close", answer: '{"ID":1}\n' });
  expect([...peer.unread, ...peer.cache.puts]).toEqual([]);
});

test("the end of the input does not wait for gets", async () => {
  const peer = await startSession();
  peer.cache.delay(actionId(0).hex);
  peer.send(getText(1, 0));
  expect(await peer.end()).toEqual({ how: "eof" });
});

test.each(["nonsense", '{"ID":1,'])("fails at the input %j, without an answer", async (text) => {
  const peer = await startSession();
  peer.send(text);
  await expect(peer.end()).rejects.toThrow("GOCACHEPROG protocol: ");
  expect(peer.unread).toEqual([]);
});
