/** Failed puts and their cleanup. */
import { expect, test } from "bun:test";
import { startSession } from "./session-peer.ts";
import { actionId, getText, outputId, putText } from "./wire.ts";

/** A put of `hello` with this size and this body. */
function oddPut(bodySize: number, body: string): string {
  return `{"ID":1,"Command":"put","ActionID":"${actionId(0).base64}","OutputID":"${outputId("hello").base64}","BodySize":${bodySize}}\n\n${body}\n`;
}

test.each([
  [6, '"aGVsbG8="', "put: body is shorter than BodySize"],
  [4, '"aGVsbG8="', "put: body is longer than BodySize"],
  [5, '""', "put: body is shorter than BodySize"],
  [3, '"a*b="', "put: body is not base64"],
  [5, '"aGVsbG8"', "put: base64 body ends within a group of four"],
])("a BodySize of %p with the body %s is an error and stores nothing", async (size, body, error) => {
  const peer = await startSession();
  peer.send(oddPut(size, body) + getText(2, 0));
  expect([await peer.next(), await peer.next()]).toEqual([
    { ID: 1, Err: error },
    { ID: 2, Miss: true },
  ]);
  expect(peer.cache.puts.filter((put) => put.startsWith("commit"))).toEqual([]);
  expect(peer.cache.puts).toHaveLength(1);
  await peer.end();
});

test.each(["begin", "write", "commit"] as const)("a disk that fails at %s is an error", async (at) => {
  const peer = await startSession();
  peer.cache.failure = { at, message: "no space left" };
  peer.send(putText(1, 0, "hello"));
  expect(await peer.next()).toEqual({ ID: 1, Err: "put: no space left" });
  peer.cache.failure = undefined;
  peer.send(putText(2, 0, "hello"));
  expect(await peer.next()).toMatchObject({ ID: 2, Size: 5 });
  await peer.end();
});

test("a failed put is discarded once, and the rest of its body is skipped", async () => {
  const peer = await startSession();
  peer.cache.failure = { at: "write", message: "no space left" };
  const body = Buffer.alloc(300_000, "go");
  peer.send(putText(1, 0, body));
  expect(await peer.next()).toEqual({ ID: 1, Err: "put: no space left" });
  expect(peer.cache.puts).toEqual(["discard "]);
  await peer.end();
});

test.each([2, 3, 10, 18, 19, 20, 100])(
  "a put without its last %p bytes leaves no file and gets no answer",
  async (missing) => {
    const peer = await startSession();
    peer.send(putText(1, 0, "hello, world").slice(0, -missing));
    await expect(peer.end()).rejects.toThrow("input ended in the middle of a");
    expect(peer.cache.puts.filter((put) => put.startsWith("commit"))).toEqual([]);
    expect(peer.unread).toEqual([]);
  },
);

test("a put is discarded if the input ends within its body", async () => {
  const peer = await startSession();
  peer.send(oddPut(5, '"aGVs').trimEnd());
  await peer.end().catch(() => undefined);
  expect(peer.cache.puts).toEqual(["discard hel"]);
});

test("a put with a body that is not a string is discarded, earlier puts stay", async () => {
  const peer = await startSession();
  peer.send(putText(1, 1, "hello") + oddPut(5, "123"));
  expect(await peer.next()).toMatchObject({ ID: 1, Size: 5 });
  await expect(peer.ended).rejects.toThrow("expected a body");
  expect(peer.cache.puts).toEqual(["commit hello", "discard "]);
});
