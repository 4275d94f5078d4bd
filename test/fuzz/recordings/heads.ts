import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { writeModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/** Heads of requests as clients send them. */
export interface HttpHeads {
  /** To a server. */
  origin: Buffer[];
  /** To a proxy, and CONNECT. */
  proxy: Buffer[];
}

/** In the form of curl, pip, and a browser. */
const OTHERS = {
  origin: [
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n",
    "GET /mod/rsc.io/quote/@v/list?x=1 HTTP/1.1\r\nHost: 127.0.0.1:5970\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nSec-Fetch-Site: none\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n\r\n",
    "HEAD /metrics HTTP/1.0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: [::1]:5970\r\nContent-Length: 5\r\nOrigin: http://localhost\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  ],
  proxy: [
    "CONNECT files.pythonhosted.org:443 HTTP/1.0\r\nHost: files.pythonhosted.org:443\r\n\r\n",
    "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nUser-Agent: curl/8.14.1\r\nProxy-Connection: Keep-Alive\r\n\r\n",
    'GET http://cached.test/a?b=c HTTP/1.1\r\nHost: cached.test\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\nProxy-Connection: Keep-Alive\r\nIf-None-Match: W/"a", "b"\r\nRange: bytes=0-9\r\nCache-Control: max-age=0, max-stale\r\n\r\n',
  ],
};

export async function recordHeads(dir: TempDir, machine: GoMachine): Promise<HttpHeads> {
  const heads: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      heads.push(bytes as Buffer);
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cwd = writeModule(dir.join("heads"), "example.com/heads", {});
  const ask = (env: Record<string, string>) =>
    go(
      { ...machine, env: { ...env, GONOSUMDB: "*", GOFLAGS: "-mod=mod" } },
      ["list", "-m", "-versions", "rsc.io/quote"],
      { cwd },
    );
  await ask({ GOPROXY: `${url}/mod` });
  await ask({ GOPROXY: "http://cached.test/mod", HTTP_PROXY: url, http_proxy: url });
  await ask({ GOPROXY: "https://cached.test/mod", HTTPS_PROXY: url, https_proxy: url });
  server.close();
  const isProxied = (head: Buffer) => /^(CONNECT|\w+ http)/.test(head.toString("latin1"));
  return {
    origin: [...heads.filter((head) => !isProxied(head)), ...OTHERS.origin.map((text) => Buffer.from(text))],
    proxy: [...heads.filter(isProxied), ...OTHERS.proxy.map((text) => Buffer.from(text))],
  };
}
