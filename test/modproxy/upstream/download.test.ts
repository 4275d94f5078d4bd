import { expect, test } from "bun:test";
import { MemorySink } from "../../../src/modproxy/upstream/body-sink.ts";
import { download } from "../../../src/modproxy/upstream/download.ts";
import { type HttpAnswer, HttpClient } from "../../../src/modproxy/upstream/http-client.ts";
import { startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { rejection } from "../../support/rejection.ts";

test.each<[string, Record<string, string>]>([
  ["with an unexpected content-encoding", { "content-encoding": "gzip" }],
  ["that claims to be too large", { "content-length": String(1 << 30) }],
])("a refused body %s doesn't keep its connection open", async (_, headers) => {
  await using upstream = await startModuleUpstream();
  const closed = Promise.withResolvers<void>();
  upstream.overrides.set("file", (_request, response) => {
    response.once("close", () => closed.resolve());
    response.writeHead(200, headers);
    response.write(Buffer.alloc(1 << 20));
  });
  const client = new KeepingClient({ netrc: new Map(), via: "1.1 test", env: {} });
  const { signal } = new AbortController();
  const request = { url: `${upstream.url}/file`, authorization: undefined, signal, maxAttempts: 1 };
  expect(await rejection(download(client, request, new PickySink(1 << 20)))).toMatchObject({ status: 502 });
  await closed.promise;
});

/** Keeps the answers: the garbage collector would close them at some time. */
class KeepingClient extends HttpClient {
  readonly answers: HttpAnswer[] = [];

  override async get(...request: Parameters<HttpClient["get"]>): Promise<HttpAnswer> {
    const answer = await super.get(...request);
    this.answers.push(answer);
    return answer;
  }
}

/** Refuses a body by its announced length, as a file does. */
class PickySink extends MemorySink {
  override restart(totalBytes?: number): void {
    if (totalBytes === 1 << 30) this.write(new Uint8Array((1 << 20) + 1));
    super.restart();
  }
}
