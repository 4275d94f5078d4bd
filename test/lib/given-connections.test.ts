import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { limitIdling, refuseMalformed } from "../../src/lib/given-connections.ts";

const LIMITS = { headMs: 100, idleMs: 300 };

let front: Server;
let answer: RequestListener;

beforeEach(async () => {
  const http = createHttpServer((request, response) => answer(request, response));
  limitIdling(http, LIMITS);
  http.on("clientError", (_error, socket) => refuseMalformed(socket));
  http.on("connect", (_request, socket) => {
    socket.write("through");
    setTimeout(() => socket.end(" and on"), 2 * LIMITS.idleMs);
  });
  front = createServer((socket) => http.emit("connection", socket));
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  answer = (_request, response) => response.end("here");
});
afterEach(() => {
  front.close();
});

/** Says something, and returns all that comes back until the server ends the connection. */
async function converse(say: (socket: Socket) => void): Promise<string> {
  const socket = connect((front.address() as AddressInfo).port, "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  say(socket);
  await closed;
  return heard;
}

const HEAD = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

test("a client that says nothing is left", async () => {
  expect(await converse(() => undefined)).toBe("");
});

test("a client that never comes to the end of its head is left", async () => {
  const heard = await converse((socket) => {
    socket.write("GET / HTTP/1.1\r\n");
    const dripping = setInterval(() => socket.write("X-A: b\r\n"), LIMITS.headMs / 5);
    socket.once("close", () => clearInterval(dripping));
  });
  expect(heard).toBe("");
});

test("a client that asks nothing more is left", async () => {
  const heard = await converse((socket) => socket.write(HEAD));
  expect(heard).toEndWith("here");
});

test("a client is not left while its answer is due", async () => {
  answer = (_request, response) => void setTimeout(() => response.end("late"), 3 * LIMITS.idleMs);
  expect(await converse((socket) => socket.write(HEAD))).toEndWith("late");
});

test("a connection that was taken over is let go of", async () => {
  const heard = await converse((socket) => socket.write("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"));
  expect(heard).toBe("through and on");
});

test("what is not HTTP is refused, once", async () => {
  expect(await converse((socket) => socket.write("no HTTP\r\n\r\n"))).toStartWith("HTTP/1.1 400 Bad Request");
  const heard = await converse((socket) => socket.write(`${HEAD}no HTTP\r\n\r\n`));
  expect(heard.match(/HTTP\/1\.1 /g)).toEqual(["HTTP/1.1 "]);
});
