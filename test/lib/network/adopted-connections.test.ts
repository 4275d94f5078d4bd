import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import {
  type IdlingLimits,
  limitIdling,
  refuseMalformed,
} from "../../../src/lib/network/adopted-connections.ts";

const LONG_MS = 3_600_000;
/** A test that must be through before it is over does no more in that time than send one head. */
const IDLE_MS = 1_000;

let front: Server;
let answer: RequestListener;

beforeEach(() => {
  answer = (_request, response) => response.end("here");
});
afterEach(() => {
  front.close();
});

async function open(limits: Partial<IdlingLimits>): Promise<void> {
  const http = createHttpServer((request, response) => answer(request, response));
  limitIdling(http, { headMs: LONG_MS, idleMs: LONG_MS, ...limits });
  http.on("clientError", (_error, socket) => refuseMalformed(socket));
  http.on("connect", (_request, socket) => {
    socket.write("through");
    setTimeout(() => socket.end(" and on"), 2 * IDLE_MS);
  });
  front = createServer((socket) => http.emit("connection", socket));
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
}

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
  await open({ headMs: 50 });
  expect(await converse(() => undefined)).toBe("");
});

test("a client that never finishes its head is disconnected", async () => {
  await open({ headMs: 50 });
  const heard = await converse((socket) => {
    socket.write("GET / HTTP/1.1\r\n");
    const dripping = setInterval(() => socket.write("X-A: b\r\n"), 10);
    socket.once("close", () => clearInterval(dripping));
  });
  expect(heard).toBe("");
});

test("a client that asks nothing more is left", async () => {
  await open({ idleMs: IDLE_MS });
  const heard = await converse((socket) => socket.write(HEAD));
  expect(heard).toEndWith("here");
});

test("a client is not left while its answer is due", async () => {
  await open({ idleMs: IDLE_MS });
  answer = (_request, response) => void setTimeout(() => response.end("late"), 2 * IDLE_MS);
  expect(await converse((socket) => socket.write(HEAD))).toEndWith("late");
});

test("a connection that was taken over is let go of", async () => {
  await open({ idleMs: IDLE_MS });
  const heard = await converse((socket) => socket.write("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"));
  expect(heard).toBe("through and on");
});

test("what is not HTTP is refused, once", async () => {
  await open({ idleMs: IDLE_MS });
  expect(await converse((socket) => socket.write("no HTTP\r\n\r\n"))).toStartWith("HTTP/1.1 400 Bad Request");
  const heard = await converse((socket) => socket.write(`${HEAD}no HTTP\r\n\r\n`));
  expect(heard.match(/HTTP\/1\.1 /g)).toEqual(["HTTP/1.1 "]);
});
