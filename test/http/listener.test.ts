import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createHttpListener } from "../../src/http/listener.ts";
import { textPage } from "../../src/http/page.ts";
import { Router } from "../../src/http/router.ts";
import { eventually } from "../support/eventually.ts";

test.each([false, true])(
  "a thousand clients are served at once, and the next ones when others have gone; tunnels: %p",
  async (takesTunnels) => {
    const pages = new Map([["/healthz", textPage(() => "ok")]]);
    const options = { pages, mounts: new Map(), forwardProxy: undefined, listenHost: "127.0.0.1" };
    const router = new Router({ ...options, onFailure: () => {} });
    const { server, closeAllConnections } = createHttpListener(router, { takesTunnels });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const dial = () => connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    let refused = 0;
    const sockets = Array.from({ length: 1_010 }, () => dial().once("close", () => refused++));
    await eventually("those above a thousand are refused", () => refused === 10);
    for (const socket of sockets) socket.destroy();
    const late = dial();
    late.end("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const [answer] = await once(late, "data");
    expect(String(answer)).toStartWith("HTTP/1.1 200 ");
    late.destroy();
    closeAllConnections();
    server.close();
  },
);
