/** Clients that don't read, and origins with answers that break off, never begin, or contain unusual bytes. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

let dir: TempDir;
let origin: Server;
let machine: ProxyMachine;
let url: string;
let answer: (socket: Socket) => void;
let requestCount: number;

beforeAll(async () => {
  dir = tempDir("hostile");
  origin = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      requestCount++;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
  url = `http://${host}`;
  machine = await startProxyMachine({ dir: dir.path, hosts: [host] });
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  origin.close();
  dir[Symbol.dispose]();
});
beforeEach(() => {
  requestCount = 0;
});

/** Requests a path `times` times at once, and returns all bytes until the connection ends. */
async function ask(path: string, { times = 1, fields = "Connection: close\r\n" } = {}): Promise<string> {
  const socket = connect(machine.port, "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(`GET ${url}${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`.repeat(times));
  await closed;
  return heard;
}

test("of a thousand pipelined requests, at most one reaches the origin", async () => {
  answer = () => undefined;
  await ask("/ahead", { times: 1_000, fields: "" });
  expect(requestCount).toBeLessThanOrEqual(1);
});

test("a broken answer without a length does not end for the client", async () => {
  answer = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=7200\r\n\r\nhalf", () => {
      setTimeout(() => socket.resetAndDestroy(), 100);
    });
  };
  expect(await ask("/broken")).not.toEndWith("0\r\n\r\n");
});

test("an origin that sends endless interim answers is disconnected", async () => {
  answer = (socket) => {
    const more = () => {
      if (!socket.destroyed)
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100), () => setImmediate(more));
    };
    more();
  };
  expect(await ask("/interim")).toStartWith("HTTP/1.1 502 ");
});

test("an origin that switches the protocol and disconnects is answered with an error", async () => {
  answer = (socket) => {
    socket.end("HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  };
  expect(await ask("/101")).toStartWith("HTTP/1.1 502 ");
});

test("the bytes of fields reach the client as the origin sent them", async () => {
  const fields = 'Location: /caf\xc3\xa9\r\nContent-Disposition: attachment; filename="\xe9.zip"\r\n';
  answer = (socket) => {
    const head = `HTTP/1.1 302 Found\r\n${fields}Cache-Control: max-age=7200\r\n`;
    socket.end(Buffer.from(`${head}Content-Length: 0\r\n\r\n`, "latin1"));
  };
  for (const from of ["the origin", "the cache"]) expect(await ask("/bytes"), from).toContain(fields);
  expect(requestCount).toBe(1);
});
