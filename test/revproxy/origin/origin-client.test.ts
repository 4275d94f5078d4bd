import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../../../src/lib/async/clock.ts";
import { OriginClient, UnreachableError } from "../../../src/revproxy/origin/origin-client.ts";
import { rejection } from "../../support/rejection.ts";

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** The error of a request through a proxy that accepts CONNECT and then does this, and when its connection ends. */
async function askThrough(afterwards: (socket: Socket) => void, tlsLimitMs = 3_600_000) {
  const closed = Promise.withResolvers<void>();
  const proxy = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("close", () => closed.resolve());
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\n", () => afterwards(socket)));
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  stack.defer(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const client = new OriginClient({
    env: { https_proxy: `http://127.0.0.1:${port}` },
    trust: createSecureContext(),
    clock: systemClock,
    via: "1.1 test",
    tlsLimitMs,
  });
  stack.defer(() => client.close());
  const resource = { scheme: "https", authority: { host: "files.example", port: 443 }, path: "/a" } as const;
  const pending = client.send(resource, { method: "GET", headers: [] }, new AbortController().signal);
  return { error: await rejection(pending), closed: closed.promise };
}

describe("an origin behind another proxy can't be reached", () => {
  test("when its TLS handshake does not end", async () => {
    const { error, closed } = await askThrough((socket) => socket.resume(), 50);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as UnreachableError).cause).toEqual(new Error("no TLS from files.example within 0.05 s"));
    await closed;
  });

  test("when the connection ends during its TLS handshake", async () => {
    const { error } = await askThrough((socket) => socket.end());
    expect(error).toBeInstanceOf(UnreachableError);
  });
});
