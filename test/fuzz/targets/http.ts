/** The HTTP listener and its forward proxy, with arbitrary bytes from a client. */
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { openForwardProxy } from "../../../src/app/serve/forward-proxy.ts";
import { CompileTimesFile } from "../../../src/app/summary/compile-times-file.ts";
import { createHttpListener, type HttpListener } from "../../../src/http/listener.ts";
import type { HttpMount } from "../../../src/http/mount.ts";
import { textPage } from "../../../src/http/page.ts";
import { Router } from "../../../src/http/router.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { proxyConfig } from "../../app/serve/proxy-config.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type FuzzTarget, holds } from "../target.ts";

/** The time limit for the answer to a finished client, or its disconnection. Far longer than that takes. */
const ANSWER_MS = 120_000;
const STATUS = /^HTTP\/1\.1 (\d{3}) /;

interface Listening {
  listener: HttpListener;
  dir: TempDir;
  close: () => Promise<void>;
}

let listening: Promise<Listening> | undefined;
const failures: unknown[] = [];

const echo: HttpMount = { handle: async (_request, response, target) => void response.end(target) };

/** The forward proxy caches a host without a listener, and forwards no other requests. */
async function listen(): Promise<Listening> {
  const dir = tempDir("fuzz-http");
  const counters = new Counters();
  const proxy = await openForwardProxy({
    config: proxyConfig(["cached.test:9"]),
    env: {},
    root: dir.join("cache"),
    shownRoot: dir.join("cache"),
    log: silentLog,
    counters,
    compileTimes: new CompileTimesFile(dir.join("cache")),
    openStore: () => undefined,
  });
  const listener = createHttpListener(
    new Router({
      pages: new Map([["/healthz", textPage(() => "ok")]]),
      mounts: new Map([["/mod/", echo]]),
      forwardProxy: proxy,
      listenHost: "127.0.0.1",
      onFailure: (_what, error) => failures.push(error),
    }),
    { takesTunnels: true },
  );
  listener.server.listen(0, "127.0.0.1");
  await once(listener.server, "listening");
  return { listener, dir, close: () => proxy.close() };
}

async function close(): Promise<void> {
  const { listener, dir, close: closeProxy } = (await listening) ?? {};
  listening = undefined;
  listener?.closeAllConnections();
  listener?.server.close();
  await closeProxy?.();
  dir?.[Symbol.dispose]();
}

/** The whole answer to these bytes and the end of the stream. */
async function say(input: Uint8Array): Promise<string> {
  listening ??= listen();
  const { server } = (await listening).listener;
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const heard = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", () => heard.resolve(text));
  socket.on("close", () => heard.resolve(text));
  const timer = setTimeout(() => heard.reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  socket.end(input);
  try {
    return await heard.promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function target(name: string, recordings: FuzzTarget["recordings"]): FuzzTarget {
  return {
    name,
    promise:
      "complete answers with a status, or none; no internal failure; and the next client gets an answer",
    thousands: 8,
    recordings,
    words: [
      "\r\n\r\n",
      "Host: localhost\r\n",
      "Content-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\n",
      "HTTP/1.1",
      "CONNECT ",
      "http://",
      "/../",
      "Connection: keep-alive\r\n",
      "Expect: 100-continue\r\n",
    ],
    async attempt(input) {
      const answer = await say(input);
      holds(answer === "" || STATUS.test(answer), `it answers ${JSON.stringify(answer.slice(0, 100))}`);
      holds(failures.length === 0, `inside it fails: ${String(failures.splice(0)[0])}`);
      const next = await say(
        Buffer.from("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      holds(next.startsWith("HTTP/1.1 200 "), "the next client is not answered");
      return ["400", undefined].includes(STATUS.exec(answer)?.[1]) ? "refused" : "accepted";
    },
    close,
  };
}

export const HTTP_TARGETS: readonly FuzzTarget[] = [
  target("HTTP to the server", ({ heads }) => heads.origin),
  target("HTTP to the proxy", ({ heads }) => heads.proxy),
];
