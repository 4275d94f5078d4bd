/** Requests of every kind to the module proxy and to the forward proxy of a server; it checks every answer. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ModuleUpstream, startModuleUpstream } from "../support/modules/module-upstream.ts";
import { proxiedFetch } from "../support/proxied-fetch.ts";
import { startTlsOrigin, type TlsOrigin } from "../support/tls-origin.ts";

const MODULES = 200;
const PAGES = 300;
const PAGE_BYTES = 32 << 10;
const LARGE_BYTES = 4 << 20;
const PAGE = Buffer.alloc(PAGE_BYTES, "page ");
const LARGE = Buffer.alloc(LARGE_BYTES, "large ");

/** The server's own upstream and origins. */
export interface Sources extends AsyncDisposable {
  upstream: ModuleUpstream;
  tls: TlsOrigin;
  plain: TlsOrigin;
  flags: string[];
}

export async function startSources(): Promise<Sources> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await startModuleUpstream());
  for (let index = 0; index < MODULES; index++) {
    const files = { "a.go": `package a // ${"x".repeat(64 * (index % 50))}\n` };
    await upstream.addModule({ module: `example.com/m${index}`, version: "v1.0.0", files });
  }
  const tls = stack.use(await startTlsOrigin(answerPage));
  const plain = stack.use(await startTlsOrigin(answerPage, { tls: false }));
  const kept = stack.move();
  return {
    upstream,
    tls,
    plain,
    flags: [
      "--modproxy",
      `--upstream=${upstream.url}`,
      `--sumdb=${upstream.sumdb.key} ${upstream.url}/nowhere`,
      `--revproxy=${tls.host},${plain.host}`,
    ],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function answerPage(request: IncomingMessage, response: ServerResponse): void {
  const isKept = request.url?.startsWith("/kept/") === true;
  response.setHeader("Cache-Control", isKept ? "max-age=86400" : "no-store");
  response.end(request.url?.startsWith("/large") === true ? LARGE : PAGE);
}

/** Sends a request of its kind; resolves with the number of received bytes. */
type Request = (load: DownloadLoad, index: number) => Promise<number>;

/** The number of requests of each kind among twenty. */
const SHARES: readonly [share: number, request: Request][] = [
  [3, (load, index) => load.module(index, "info")],
  [3, (load, index) => load.module(index, "mod")],
  [3, (load, index) => load.module(index, "zip")],
  [1, (load, index) => load.path(`example.com/m${index % MODULES}/@v/list`, 200)],
  [1, (load, index) => load.path(`example.com/none${index}/@v/v1.0.0.mod`, 404)],
  [5, (load, index) => load.plainPage(`/kept/${index % PAGES}`)],
  [1, (load, index) => load.plainPage(`/passing/${index}`)],
  [1, (load, index) => load.tlsPage(`/kept/${index % PAGES}`)],
  [1, (load, index) => load.tlsPage(`/passing/${index}`)],
  [1, (load, index) => load.brokenOff(`/large/${index}`)],
];
const REQUESTS = SHARES.flatMap(([share, request]) => Array<Request>(share).fill(request));

export class DownloadLoad {
  readonly #http: string;
  readonly #sources: Sources;
  readonly #ca: string;

  /** `http`: the server; `caPath`: the certificate of its forward proxy. */
  constructor(http: string, sources: Sources, caPath: string) {
    this.#http = http;
    this.#sources = sources;
    this.#ca = readFileSync(caPath, "utf8");
  }

  /** Sends the request of that number; resolves with the number of received bytes. Rejects when the answer is wrong. */
  async run(index: number): Promise<number> {
    return (await REQUESTS[(index * 7) % REQUESTS.length]?.(this, index)) ?? 0;
  }

  async module(index: number, kind: "info" | "mod" | "zip"): Promise<number> {
    const path = `example.com/m${index % MODULES}/@v/v1.0.0.${kind}`;
    const bytes = await this.path(path, 200);
    expectEqual(path, bytes, Buffer.byteLength(this.#sources.upstream.files.get(path) ?? ""));
    return bytes;
  }

  async path(path: string, status: number): Promise<number> {
    const answer = await fetch(`${this.#http}/mod/${path}`, { proxy: false } as RequestInit);
    const body = await answer.arrayBuffer();
    expectEqual(path, answer.status, status);
    return body.byteLength;
  }

  async plainPage(path: string): Promise<number> {
    const answer = await proxiedFetch(this.#http, `${this.#sources.plain.url}${path}`);
    expectEqual(path, (await answer.text()).length, PAGE_BYTES);
    return PAGE_BYTES;
  }

  async tlsPage(path: string): Promise<number> {
    const answer = await this.#tlsFetch(path);
    const body = await answer.arrayBuffer();
    expectEqual(path, body.byteLength, PAGE_BYTES);
    return body.byteLength;
  }

  /** Disconnects after the first bytes. */
  async brokenOff(path: string): Promise<number> {
    const client = new AbortController();
    const answer = await this.#tlsFetch(path, client.signal);
    const first = await answer.body?.getReader().read();
    client.abort();
    return first?.value?.length ?? 0;
  }

  async #tlsFetch(path: string, signal?: AbortSignal): Promise<Response> {
    return await fetch(`${this.#sources.tls.url}${path}`, {
      proxy: this.#http,
      tls: { ca: this.#ca },
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

function expectEqual(what: string, is: number, should: number): void {
  if (is !== should) throw new Error(`${what}: ${is}, not ${should}`);
}
