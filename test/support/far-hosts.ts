/**
 * Hosts with arbitrary names on this machine: a proxy that connects every CONNECT to one TLS server, and answers plain
 * requests in absolute form itself. For clients that never use a proxy for localhost, such as go.
 */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { type AddressInfo, connect } from "node:net";
import { makeCertificate } from "./certificate.ts";
import { tempDir } from "./temp-dir.ts";

/** `url` is whole: scheme, host and path. */
type Answer = (url: URL, request: IncomingMessage, response: ServerResponse) => unknown;

export interface FarHosts extends AsyncDisposable {
  /** Variables that make a program find and trust the hosts. */
  readonly env: Record<string, string>;
  /** `GET https://files.example/a` of every request so far. */
  readonly seen: string[];
}

export async function startFarHosts(hosts: readonly string[], answer: Answer): Promise<FarHosts> {
  const dir = tempDir("far");
  const { cert, key, certPath } = await makeCertificate(dir.path, hosts);
  const seen: string[] = [];
  const handle = (scheme: string) => (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", `${scheme}://${request.headers.host}`);
    seen.push(`${request.method} ${url.href}`);
    answer(url, request, response);
  };
  const secure = https.createServer({ cert, key }, handle("https"));
  const proxy = http.createServer(handle("http"));
  const tlsPort = await listen(secure);
  proxy.on("connect", (_request, client, head) => {
    const server = connect(tlsPort, "127.0.0.1");
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    if (head.length > 0) server.write(head);
    client.pipe(server);
    server.pipe(client);
  });
  const address = `http://127.0.0.1:${await listen(proxy)}`;
  return {
    env: { https_proxy: address, HTTPS_PROXY: address, http_proxy: address, SSL_CERT_FILE: certPath },
    seen,
    async [Symbol.asyncDispose]() {
      for (const server of [secure, proxy]) {
        server.close();
        server.closeAllConnections();
      }
      dir[Symbol.dispose]();
    },
  };
}

async function listen(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
