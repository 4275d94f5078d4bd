import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../../../src/lib/async/clock.ts";
import { Exchange } from "../../../src/revproxy/exchange/exchange.ts";
import { OriginClient } from "../../../src/revproxy/origin/origin-client.ts";
import { ProxyLog } from "../../../src/revproxy/proxy-log.ts";
import { parseAbsoluteForm, type Resource } from "../../../src/revproxy/resource.ts";
import type { NamedStore } from "../../../src/revproxy/storage/disk-tier.ts";
import { ResponseCache } from "../../../src/revproxy/storage/response-cache.ts";
import { TempFile } from "../../../src/store/local/temp-file.ts";
import { eventually } from "../../support/eventually.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** More than stays in memory of a body. */
const LARGE = "0123456789abcdef".repeat(1 << 19);

let dir: TempDir;
let stack: AsyncDisposableStack;
/** Paths that clients requested. */
let requests: string[];
beforeEach(() => {
  requests = [];
  stack = new AsyncDisposableStack();
  dir = stack.use(tempDir("exchange"));
});
afterEach(() => stack.disposeAsync());

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A file whose writes wait. */
class HeldFile extends TempFile {
  readonly #mayWrite: Promise<void>;

  constructor(path: string, mayWrite: Promise<void>) {
    super(path);
    this.#mayWrite = mayWrite;
  }

  override async writeAside(bytes: Uint8Array): Promise<void> {
    await this.#mayWrite;
    await super.writeAside(bytes);
  }
}

/** An empty store, whose first file's writes wait. */
function emptyStore(mayWrite: Promise<void>): NamedStore {
  let count = 0;
  return {
    find: () => undefined,
    fetch: async () => undefined,
    createTemp() {
      const path = dir.join(`temp-${count++}`);
      return count === 1 ? new HeldFile(path, mayWrite) : new TempFile(path);
    },
    keep: (_, { path, sizeBytes }) => ({ path, sizeBytes, mtimeMs: 0 }),
    remove: () => undefined,
  };
}

/** Starts a proxy for all hosts; returns its port. */
async function startProxy(store: NamedStore): Promise<number> {
  const trust = createSecureContext();
  const origin = new OriginClient({ env: {}, trust, clock: systemClock, via: "1.1 test" });
  stack.defer(() => origin.close());
  const exchange = new Exchange({
    cache: new ResponseCache({ store, memoryBytes: 1 << 20, isSingleHost: true }),
    origin,
    log: new ProxyLog({ log: silentLog, count: () => undefined }),
    clock: systemClock,
    maxBodyBytes: Number.POSITIVE_INFINITY,
  });
  return await listen((request, response) => {
    requests.push(request.url ?? "");
    void exchange.serve(parseAbsoluteForm(request.url ?? "") as Resource, request, response);
  });
}

test("a request at the moment when the only other client leaves gets its own answer", async () => {
  const [mayWrite, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  stack.defer(() => mayWrite.resolve());
  let requestCount = 0;
  const origin = await listen((_request, response) => {
    requestCount++;
    response.setHeader("Cache-Control", "max-age=86400");
    if (requestCount > 1) response.end(LARGE);
    else response.once("close", () => closed.resolve()).write(LARGE);
  });
  const proxy = await startProxy(emptyStore(mayWrite.promise));
  const url = `http://127.0.0.1:${origin}/a`;
  const first = connect(proxy, "127.0.0.1");
  first.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1:${origin}\r\n\r\n`);
  await new Promise((resolve) => first.once("data", resolve));
  first.destroy();
  await closed.promise;
  const next = fetch(url, { proxy: `http://127.0.0.1:${proxy}` }).then((answer) => answer.text());
  // Until then the first client's file can't be removed.
  await eventually("the second request", () => requests.length === 2);
  await new Promise(setImmediate);
  mayWrite.resolve();
  expect((await next).length).toBe(LARGE.length);
  expect(requestCount).toBe(2);
});
