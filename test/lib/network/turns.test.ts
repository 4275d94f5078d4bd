import { afterEach, describe, expect, test } from "bun:test";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { serveInTurn } from "../../../src/lib/network/turns.ts";
import { eventually } from "../../support/eventually.ts";

const HEAD = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

let server: Server;
const clients = new Set<Socket>();
afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
  server.close();
});

async function open(isGiven: boolean, onRequest: RequestListener, stallMs?: number) {
  const http = createHttpServer();
  serveInTurn(http, {
    onRequest,
    onConnect: (_request, socket) => socket.end("through"),
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const gone = Promise.withResolvers<void>();
  http.on("connection", (socket) => socket.once("close", () => gone.resolve()));
  server = isGiven ? createServer((socket) => http.emit("connection", socket)) : http;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { gone: gone.promise };
}

/** Sends `text`; what comes back, so far, and in all. */
function ask(text: string) {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  clients.add(socket);
  const client = { socket, heard: "", closed: Promise.resolve("") };
  socket.on("data", (chunk) => {
    client.heard += chunk;
  });
  socket.on("error", () => undefined);
  client.closed = new Promise((resolve) => socket.once("close", () => resolve(client.heard)));
  socket.write(text);
  return client;
}

describe.each([
  ["accepts itself", false],
  ["is given", true],
])("on a connection that the server %s", (_name, isGiven) => {
  test("a request waits until the answer before it is out", async () => {
    let active = 0;
    const actives: number[] = [];
    await open(isGiven, ({ url }, response) => {
      actives.push(++active);
      setImmediate(() => {
        active--;
        response.end(url);
      });
    });
    const paths = ["/1", "/2", "/3", "/4"];
    const client = ask(paths.map((path) => HEAD.replace("/", path)).join(""));
    await eventually("the last answer comes", () => client.heard.endsWith("/4"));
    expect([...client.heard.matchAll(/\/\d(?=$|HTTP)/gm)].map(String)).toEqual(paths);
    expect(actives).toEqual([1, 1, 1, 1]);
  });

  test("a client that sends too many requests ahead loses its connection", async () => {
    let started = 0;
    await open(isGiven, () => started++);
    await ask(HEAD.repeat(1_000)).closed;
    expect(started).toBe(1);
  });

  test("a client that does not read its answer loses its connection", async () => {
    const { gone } = await open(
      isGiven,
      (_request, response) => void response.write(Buffer.alloc(64 << 20)),
      50,
    );
    ask(HEAD).socket.pause();
    await gone;
  });

  test("nothing is answered after an answer that ends the connection", async () => {
    const asked: string[] = [];
    await open(isGiven, ({ url = "" }, response) => {
      asked.push(url);
      response.shouldKeepAlive = false;
      setImmediate(() => response.writeHead(200, { "content-length": 4 }).end("last"));
    });
    expect(await ask(HEAD + HEAD.replace("/", "/2")).closed).toEndWith("last");
    expect(asked).toEqual(["/"]);
  });

  test("what is not HTTP is refused after the answers before it", async () => {
    await open(isGiven, (_request, response) => void setImmediate(() => response.end("first")));
    const heard = await ask(`${HEAD}GARBAGE\r\n\r\n`).closed;
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });

  test("CONNECT before the answer to an earlier request ends the connection", async () => {
    await open(isGiven, () => undefined);
    expect(await ask(`${HEAD}CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`).closed).toBe("");
  });
});
