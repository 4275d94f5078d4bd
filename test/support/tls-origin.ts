/** An origin on this machine, with or without TLS, that gives the answers of a test and records its requests. */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { tempDir } from "./temp-dir.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface TlsOrigin extends AsyncDisposable {
  readonly port: number;
  /** `localhost:<port>`; the same origin also answers at `127.0.0.1:<port>`. */
  readonly host: string;
  /** `https://localhost:<port>`, or `http://…`. */
  readonly url: string;
  readonly certificate: Certificate;
  /** Variables that make a program trust it. */
  readonly trustEnv: Record<string, string>;
  /** Method and path of every request so far. */
  readonly seen: string[];
  /** The requests themselves. */
  readonly requests: IncomingMessage[];
  /** Stops accepting connections. */
  goAway(): Promise<void>;
}

/** Starts one; `answer` may answer at any time. */
export async function startTlsOrigin(answer: Answer, { tls = true } = {}): Promise<TlsOrigin> {
  const dir = tempDir("origin");
  const certificate = await makeCertificate(dir.path);
  const seen: string[] = [];
  const requests: IncomingMessage[] = [];
  const handle: Answer = (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    requests.push(request);
    answer(request, response);
  };
  const server = tls
    ? https.createServer({ cert: certificate.cert, key: certificate.key }, handle)
    : http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const host = `localhost:${port}`;
  const goAway = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    port,
    host,
    url: `${tls ? "https" : "http"}://${host}`,
    certificate,
    trustEnv: { SSL_CERT_FILE: certificate.certPath },
    seen,
    requests,
    goAway,
    async [Symbol.asyncDispose]() {
      await goAway();
      dir[Symbol.dispose]();
    },
  };
}
