/**
 * Requests and answers that two programs on the way could cut in different places: bytes from clients and from origins
 * that no HTTP library would send.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { type RawOrigin, startRawOrigin } from "../../support/raw-origin.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

/** Without a lifetime, so nothing is stored. */
const PLAIN = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 5\r\n\r\nplain";

let dir: TempDir;
let origin: RawOrigin;
let machine: ProxyMachine;
let answer: (requestLine: string) => string;
/** For the cached host, and for a host that is reached through the next proxy. */
let urls: Record<"cached" | "forwarded", string>;

beforeAll(async () => {
  dir = tempDir("smuggling");
  origin = await startRawOrigin((line) => answer(line));
  const cached = `localhost:${origin.port}`;
  machine = await startProxyMachine({
    dir: dir.path,
    hosts: [cached],
    flags: ["--forward-connect"],
    env: { http_proxy: `http://127.0.0.1:${origin.port}`, no_proxy: "localhost" },
  });
  urls = { cached: `http://${cached}`, forwarded: "http://files.example" };
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});
beforeEach(() => {
  answer = (line) => PLAIN.replace("5\r\n\r\nplain", `${line.length}\r\n\r\n${line}`);
  origin.forget();
});

class Client {
  readonly #socket: Socket = connect(machine.port, "127.0.0.1");
  #heard = "";
  readonly closed: Promise<string>;

  constructor() {
    this.#socket.on("data", (chunk) => {
      this.#heard += chunk.toString("latin1");
    });
    this.#socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => this.#socket.once("close", () => resolve(this.#heard)));
  }

  send(text: string): void {
    this.#socket.write(Buffer.from(text.replaceAll("\n", "\r\n"), "latin1"));
  }

  leave(): void {
    this.#socket.destroy();
  }
}

/** The whole answer, on a connection of its own. */
async function ask(text: string): Promise<string> {
  const client = new Client();
  client.send(text);
  return await client.closed;
}

const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);

const kinds = ["cached", "forwarded"] as const;

describe.each(kinds)("a request to a host that is %s", (kind) => {
  const smuggled = "GET http://files.example/smuggled HTTP/1.1\nHost: x\n\n";
  const length = smuggled.replaceAll("\n", "\r\n").length;
  const chunks = `${length.toString(16)}\n${smuggled}\n0\n\n`;
  const refused: [name: string, head: string, body: string][] = [
    ["names its length in Connection", `Connection: content-length\nContent-Length: ${length}`, smuggled],
    ["names its coding in Connection", "Connection: transfer-encoding\nTransfer-Encoding: chunked", chunks],
    ["names Host in Connection", "Connection: close, hOST", ""],
    ["names Cache-Control in Connection", "Connection: close\nConnection: cache-control", ""],
    ["has a length and chunks", `Content-Length: ${length}\nTransfer-Encoding: chunked`, chunks],
    ["has a length that is a list", `Content-Length: ${length}, ${length}`, smuggled],
    ["has two equal lengths", `Content-Length: ${length}\nContent-Length: ${length}`, smuggled],
    ["has an empty coding", "Transfer-Encoding: ", smuggled],
    ["is chunked twice", "Transfer-Encoding: chunked\nTransfer-Encoding: chunked", chunks],
    ["has a folded field", `X-A: b\n Content-Length: ${length}`, smuggled],
    ["has a bare CR in a field", `X-A: b\rContent-Length: ${length}`, smuggled],
  ];
  test.each(refused)("is refused if it %s", async (_, head, body) => {
    const heard = await ask(`GET ${urls[kind]}/a HTTP/1.1\nHost: x\nConnection: close\n${head}\n\n${body}`);
    expect([400, 501]).toContain(statusOf(heard));
    // The following bytes are not a request.
    expect(heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
    expect(origin.connections).toEqual([]);
  });

  test("in HTTP/1.0 is refused if it has chunks", async () => {
    const heard = await ask(`POST ${urls[kind]}/a HTTP/1.0\nTransfer-Encoding: chunked\n\n${chunks}`);
    expect(statusOf(heard)).toBe(400);
    expect(origin.connections).toEqual([]);
  });

  test("reaches the origin with its body framed, on a connection that no other request gets", async () => {
    const bodies = [`Content-Length: ${length}\n\n${smuggled}`, `Transfer-Encoding: chunked\n\n${chunks}`];
    for (const body of bodies) {
      const heard = await ask(`GET ${urls[kind]}/a HTTP/1.1\nHost: x\nConnection: close\n${body}`);
      expect(bodyOf(heard)).toMatch(/^GET \S*\/a HTTP\/1\.1$/);
    }
    const victim = await ask(`GET ${urls[kind]}/victim HTTP/1.1\nHost: x\nConnection: close\n\n`);
    expect(bodyOf(victim)).toMatch(/^GET \S*\/victim HTTP\/1\.1$/);
    const framing = origin.connections.map(
      ({ heard }) => /^(content-length|transfer-encoding): .*$/im.exec(heard)?.[0],
    );
    expect(framing).toEqual([`Content-Length: ${length}`, "Transfer-Encoding: chunked", undefined]);
  });

  test("that breaks off in its body does not reach the origin as complete", async () => {
    answer = () => "";
    const client = new Client();
    client.send(`POST ${urls[kind]}/a HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n4\npart\n`);
    const connection = await origin.connectionWith("part");
    client.leave();
    await connection.closed;
    expect(connection.heard).not.toContain("\r\n0\r\n");
  });

  test("that is answered before its body is complete does not keep the origin's connection", async () => {
    const client = new Client();
    client.send(`POST ${urls[kind]}/early HTTP/1.1\nHost: x\nContent-Length: 9\n\npart`);
    await (await origin.connectionWith("/early")).closed;
    client.leave();
  });
});

test("forwarded clients never share a connection to the origin", async () => {
  for (let i = 0; i < 3; i++) {
    await ask(`GET ${urls.forwarded}/${i} HTTP/1.1\nHost: x\nConnection: close\n\n`);
  }
  expect(origin.connections.map(({ heard }) => heard.match(/ HTTP\/1\.1\r\n/g)?.length)).toEqual([1, 1, 1]);
});

describe.each(kinds)("an answer of a host that is %s", (kind) => {
  const bad: [name: string, text: string][] = [
    [
      "has a length and chunks",
      "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ["has two lengths", "Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello"],
    ["has another coding", "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    ["has a folded field", "X-A: b\r\n Set-Cookie: c\r\nContent-Length: 5\r\n\r\nhello"],
    ["has a bare CR in a field", "X-A: b\rSet-Cookie: c\r\nContent-Length: 5\r\n\r\nhello"],
    ["has a bare LF in a field", "X-A: b\nSet-Cookie: c\r\nContent-Length: 5\r\n\r\nhello"],
  ];
  test.each(bad)("does not reach the client if it %s", async (_, text) => {
    answer = () => `HTTP/1.1 200 OK\r\n${text}`;
    const heard = await ask(`GET ${urls[kind]}/bad HTTP/1.1\nHost: x\nConnection: close\n\n`);
    expect([statusOf(heard), /set-cookie|hello/i.test(heard)]).toEqual([502, false]);
  });

  test("that switches the protocol is an error", async () => {
    answer = () => "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw";
    const heard = await ask(`GET ${urls[kind]}/upgrade HTTP/1.1\nHost: x\nConnection: close\n\n`);
    expect([statusOf(heard), heard.includes("raw")]).toEqual([502, false]);
  });

  test("ends at its length, also if Connection names that and another answer follows", async () => {
    const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    answer = (line) =>
      line.includes("/first")
        ? `HTTP/1.1 200 OK\r\nConnection: content-length\r\nCache-Control: no-store\r\nContent-Length: 5\r\n\r\nfirst${evil}`
        : PLAIN;
    const client = new Client();
    client.send(`GET ${urls[kind]}/first HTTP/1.1\nHost: x\n\n`);
    client.send(`GET ${urls[kind]}/second HTTP/1.1\nHost: x\nConnection: close\n\n`);
    const heard = await client.closed;
    const bodies = heard.split(/HTTP\/1\.1 200 OK\r\n/).map(bodyOf);
    expect(bodies.slice(1)).toEqual(["first", "plain"]);
  });

  test("to HTTP/1.0 ends with its connection or at its length", async () => {
    answer = () =>
      "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    const heard = await ask(`GET ${urls[kind]}/old HTTP/1.0\nConnection: keep-alive\n\n`);
    expect(heard).not.toMatch(/^transfer-encoding/im);
    expect(bodyOf(heard)).toBe("hello");
  });
});
