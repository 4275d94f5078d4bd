import { expect, test } from "bun:test";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { sendBody } from "../../../src/lib/network/send-body.ts";
import { rejection } from "../../support/rejection.ts";

const CHUNK = new Uint8Array(1 << 20);

/** A server that answers with these chunks, and how sending them ended. */
async function serve(chunks: () => AsyncGenerator<Uint8Array>) {
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  const server = createServer((_request, response) => resolve(sendBody(response, chunks())));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port, sent, [Symbol.dispose]: stop };
}

test("a client gets all chunks", async () => {
  using server = await serve(async function* () {
    for (let i = 0; i < 20; i++) yield CHUNK;
  });
  const body = await (await fetch(`http://127.0.0.1:${server.port}`)).arrayBuffer();
  expect(body.byteLength).toBe(20 << 20);
  await server.sent;
});

test("a source that fails breaks the connection, and is reported", async () => {
  using server = await serve(async function* () {
    yield CHUNK;
    throw new Error("broke off");
  });
  const reading = fetch(`http://127.0.0.1:${server.port}`).then((answer) => answer.arrayBuffer());
  const failure = rejection(server.sent);
  await rejection(reading);
  expect(await failure).toEqual(new Error("broke off"));
});

test("a client that disconnects ends the source", async () => {
  let isEnded = false;
  using server = await serve(async function* () {
    try {
      for (;;) yield CHUNK;
    } finally {
      isEnded = true;
    }
  });
  const client = connect(server.port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await new Promise((resolve) => client.once("data", resolve));
  client.destroy();
  await server.sent;
  expect(isEnded).toBe(true);
});
