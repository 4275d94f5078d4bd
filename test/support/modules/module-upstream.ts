/** An upstream for our module proxy, with faults on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hashModFile } from "../../../src/gomod/module-hash.ts";
import { escapeName } from "../../../src/gomod/module-path.ts";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { tempDir } from "../temp-dir.ts";
import { makeZip } from "./make-zip.ts";
import { TestSumdb } from "./test-sumdb.ts";

/** The answer for a path instead of its file. */
export type Override = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
) => void | Promise<void>;

export interface ModuleUpstream extends AsyncDisposable {
  readonly url: string;
  readonly sumdb: TestSumdb;
  /** The files by path, as decoded from URLs. */
  readonly files: Map<string, string | Buffer>;
  readonly overrides: Map<string, Override>;
  /** Every requested path, in order. */
  readonly requested: string[];
  /** The number of requests for a path. */
  count(path: string): number;
  addModule(options: TestModule): Promise<void>;
  /** Stops answering. */
  stop(): Promise<void>;
}

interface TestModule {
  module: string;
  version: string;
  /** Beside go.mod. */
  files?: Record<string, string>;
  mod?: string;
  /** Whether the list of versions contains it. */
  isListed?: boolean;
  isInSumdb?: boolean;
  info?: Record<string, unknown>;
}

export async function startModuleUpstream(): Promise<ModuleUpstream> {
  const files = new Map<string, string | Buffer>();
  const overrides = new Map<string, Override>();
  const requested: string[] = [];
  const sumdb = new TestSumdb();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    requested.push(path);
    const start = `sumdb/${sumdb.name}/`;
    const body = path.startsWith(start) ? sumdb.answer(path.slice(start.length)) : files.get(path);
    const bytes = body === undefined ? undefined : Buffer.from(body as string);
    const override = overrides.get(path);
    if (override !== undefined) void override(request, response, bytes);
    else answer(request, response, bytes);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sumdb,
    files,
    overrides,
    requested,
    count: (path) => requested.filter((each) => each === path).length,
    addModule: (options) => addModule(files, sumdb, options),
    stop,
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await stop();
    },
  };
}

/** 200 or 404, with correct ranges and conditions. */
export function answer(request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined): void {
  if (bytes === undefined) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
    response.end("not found: no such file upstream\n");
    return;
  }
  const etag = `"${Bun.hash(bytes).toString(16)}"`;
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag });
    response.end();
    return;
  }
  const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const part = offset > 0 ? { "content-range": `bytes ${offset}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(offset > 0 ? 206 : 200, {
    etag,
    "content-length": String(bytes.length - offset),
    ...part,
  });
  response.end(bytes.subarray(offset));
}

/** A status with a text. */
export function answering(status: number, text = ""): Override {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    response.end(text);
  };
}

async function addModule(
  files: Map<string, string | Buffer>,
  sumdb: TestSumdb,
  {
    module,
    version,
    files: content = {},
    mod = `module ${module}\n`,
    isListed = true,
    isInSumdb = true,
    info,
  }: TestModule,
): Promise<void> {
  const [path, name] = [escapeName(module), escapeName(version)];
  const inZip = Object.entries({ "go.mod": mod, ...content }).map(([file, text]) => [
    `${module}@${version}/${file}`,
    text,
  ]);
  const zip = makeZip(Object.fromEntries(inZip));
  files.set(
    `${path}/@v/${name}.info`,
    JSON.stringify({ Version: version, Time: "2024-01-02T03:04:05Z", ...info }),
  );
  files.set(`${path}/@v/${name}.mod`, mod);
  files.set(`${path}/@v/${name}.zip`, zip);
  const list = `${path}/@v/list`;
  files.set(list, `${files.get(list) ?? ""}${isListed ? `${version}\n` : ""}`);
  if (!isInSumdb) return;
  using dir = tempDir("zip");
  await Bun.write(dir.join("zip"), zip);
  sumdb.add(`${path}@${name}`, {
    module,
    version,
    zip: await hashZip(dir.join("zip")),
    mod: hashModFile(Buffer.from(mod)),
  });
}
