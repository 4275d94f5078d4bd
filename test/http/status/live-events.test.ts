import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LiveEvents } from "../../../src/http/status/live-events.ts";
import { eventually } from "../../support/eventually.ts";

const MAX_CLIENTS = 16;

let content: Record<string, string>;
let renders: string[];
let failures: unknown[];
let events: LiveEvents;
let server: Server;

beforeEach(async () => {
  content = { a: "one", b: "two" };
  renders = [];
  failures = [];
  events = new LiveEvents({
    render: async (query) => {
      renders.push(query.toString());
      if (content.broken !== undefined) throw new Error(content.broken);
      return new Map(Object.entries(content));
    },
    build: "b1",
    onFailure: (error) => failures.push(error),
  });
  server = createServer((request, response) => {
    void events.handle(request, response, (request.url ?? "").slice("/events".length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function connections(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

/** A client of the events; aborting disconnects it. */
async function look(query = "") {
  const controller = new AbortController();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events${query}`;
  const response = await fetch(url, { signal: controller.signal });
  const chunks = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  const client = {
    response,
    leave: () => controller.abort(),
    /** The next event with changes; `undefined`: the events have ended. */
    async news(): Promise<Record<string, string> | undefined> {
      for (;;) {
        const event = await client.next();
        if (event === undefined || Object.keys(event.parts).length > 0) return event?.parts;
      }
    },
    /** The next event's data; `undefined`: the events have ended. */
    async next() {
      for (;;) {
        const [, data, rest] = /^(?:retry: \d+\n\n)?data: (.*)\n\n(.*)$/s.exec(text) ?? [];
        if (data !== undefined && rest !== undefined) {
          text = rest;
          return JSON.parse(data);
        }
        const chunk = await chunks?.next();
        if (chunk === undefined || chunk.done === true) return undefined;
        text += chunk.value;
      }
    },
  };
  return client;
}

test("the first event has all parts, the next one those that changed", async () => {
  const client = await look("?range=1h");
  expect(client.response.headers.get("content-type")).toBe("text/event-stream");
  expect(await client.next()).toEqual({ build: "b1", parts: { a: "one", b: "two" } });
  content.b = "three";
  expect(await client.news()).toEqual({ b: "three" });
  expect((await client.next()).parts).toEqual({});
  expect(new Set(renders)).toEqual(new Set(["range=1h"]));
  client.leave();
});

test("nothing is rendered without clients", async () => {
  const clients = [await look(), await look()];
  for (const client of clients) await client.next();
  for (const client of clients) client.leave();
  await eventually("no connection", async () => (await connections()) === 0);
  const before = renders.length;
  // Other events, with a client, are the clock.
  const clock = await look("?clock");
  for (let ticks = 0; ticks < 3; ticks++) await clock.next();
  expect(renders.slice(before).filter((query) => query !== "clock=")).toEqual([]);
});

test("a client above the limit is refused until another one leaves", async () => {
  const clients = [];
  for (let index = 0; index < MAX_CLIENTS; index++) clients.push(await look());
  const refused = await look();
  expect([refused.response.status, refused.response.headers.get("retry-after")]).toEqual([503, "10"]);
  clients[0]?.leave();
  await eventually("a look", async () => (await look()).response.status === 200);
});

test("at the end all clients get a last update, and later ones get one", async () => {
  const client = await look();
  await client.next();
  content.a = "ending";
  await events.end();
  expect([await client.news(), await client.news()]).toEqual([{ a: "ending" }, undefined]);
  const late = await look();
  expect((await late.next()).parts).toEqual({ a: "ending", b: "two" });
  expect(await late.next()).toBeUndefined();
});

test("a page that can't be rendered ends the connection, and is reported", async () => {
  const client = await look();
  await client.next();
  content.broken = "no such number";
  expect(await client.news().catch(() => undefined)).toBeUndefined();
  expect(failures).toHaveLength(1);
});

test("HEAD gets no events", async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  const response = await fetch(url, { method: "HEAD" });
  expect([response.status, await response.text(), renders]).toEqual([200, "", []]);
});
