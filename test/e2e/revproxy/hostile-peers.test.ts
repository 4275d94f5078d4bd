/** Clients that ask and do not read, and origins whose answers break off, never begin, or hold unusual bytes. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(60_000);

let dir: TempDir;
let origin: Server;
let machine: ProxyMachine;
let url: string;
let answer: (socket: Socket) => void;
let asked: number;

beforeAll(async () => {
  dir = tempDir("hostile");
  origin = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      asked++;
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
  asked = 0;
});

/** Asks for a path `times` times at once, and returns the bytes that come until the connection ends. */
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

test("a client that sends a thousand requests ahead gets no more than one to the origin", async () => {
  answer = () => undefined;
  await ask("/ahead", { times: 1_000, fields: "" });
  expect(asked).toBeLessThanOrEqual(1);
});

test("an answer without a length that breaks off has no end for the client", async () => {
  answer = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=7200\r\n\r\nhalf", () => {
      setTimeout(() => socket.resetAndDestroy(), 100);
    });
  };
  expect(await ask("/broken")).not.toEndWith("0\r\n\r\n");
});

test("an origin that sends interim answers without end is left", async () => {
  answer = (socket) => {
    const more = () => {
      if (!socket.destroyed)
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100), () => setImmediate(more));
    };
    more();
  };
  expect(await ask("/interim")).toStartWith("HTTP/1.1 502 ");
});

test("an origin that changes the protocol and goes is answered for", async () => {
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
  expect(asked).toBe(1);
});
