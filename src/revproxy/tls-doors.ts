/**
 * Where the TLS of a tunnel ends: for each host and port a server on a Unix socket that only this user can reach, with
 * the host's certificate. A tunnel's bytes are passed to it as they are. That is not a detour: TLS on top of a
 * connection that the HTTP server has given up costs five times as much, and gigabytes of memory, in this runtime.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { listFiles } from "../lib/list-files.ts";
import { isProcessAlive, pidSpace } from "../lib/process-life.ts";
import { type Authority, formatAuthority } from "./authority.ts";
import type { KeyedCertificate } from "./certificates/issue.ts";

/** How long a client may take for a request's head, and leave a connection unused; how large a head may be. */
const HEAD_LIMIT_MS = 30_000;
const IDLE_MS = 60_000;
const MAX_HEAD_BYTES = 64 << 10;

/** Hosts at once: a wildcard stands for any number. */
const MAX_DOORS = 200;

/** The longest path of a Unix socket that every system takes. */
const MAX_PATH_BYTES = 100;

interface Door {
  leaf: KeyedCertificate;
  /** Ends the TLS. */
  gate: TlsServer;
  /** Speaks HTTP behind it. `node:https` would do both, but offers no ALPN in this runtime. */
  http: Server;
  path: string;
}

export interface TlsDoorsOptions {
  leafFor: (host: string) => Promise<KeyedCertificate>;
  /** A request that came through a tunnel to `authority`. */
  serve: (authority: Authority, request: IncomingMessage, response: ServerResponse) => void;
  /** CONNECT within a tunnel. */
  refuse: (socket: Duplex) => void;
  /** A client that does not get through its handshake, most likely because it does not trust the certificate. */
  onTlsError: (authority: Authority, error: Error) => void;
}

export class TlsDoors {
  readonly #options: TlsDoorsOptions;
  /** By host and port, the least recently opened first. */
  readonly #doors = new Map<string, Promise<Door>>();
  #dir: string | undefined;
  #count = 0;

  constructor(options: TlsDoorsOptions) {
    this.#options = options;
  }

  /** A connection to where the TLS of `authority` ends. */
  async enter(authority: Authority): Promise<Socket> {
    const { path } = await this.#open(authority);
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
    return await promise;
  }

  close(): void {
    for (const door of this.#doors.values()) void door.then(shut, () => undefined);
    this.#doors.clear();
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true, force: true });
  }

  async #open(authority: Authority): Promise<Door> {
    const leaf = await this.#options.leafFor(authority.host);
    const name = formatAuthority(authority);
    const known = this.#doors.get(name);
    this.#doors.delete(name);
    const isFit = known !== undefined && (await known).leaf === leaf;
    if (isFit) this.#doors.set(name, known);
    else {
      this.#doors.set(name, this.#make(authority, leaf));
      // Whoever is inside may finish.
      void known?.then(({ gate }) => gate.close());
    }
    const [oldest] = this.#doors;
    if (this.#doors.size > MAX_DOORS && oldest !== undefined) {
      this.#doors.delete(oldest[0]);
      void oldest[1].then(({ gate }) => gate.close());
    }
    const door = this.#doors.get(name) ?? this.#make(authority, leaf);
    return await door;
  }

  async #make(authority: Authority, leaf: KeyedCertificate): Promise<Door> {
    const { serve, refuse, onTlsError } = this.#options;
    const http = createHttpServer(
      {
        headersTimeout: HEAD_LIMIT_MS,
        // A body may take as long as it takes.
        requestTimeout: 0,
        keepAliveTimeout: IDLE_MS,
        maxHeaderSize: MAX_HEAD_BYTES,
      },
      (request, response) => serve(authority, request, response),
    );
    http.on("connect", (_request, socket) => refuse(socket));
    http.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      else socket.destroy();
    });
    const { cert, key } = leaf;
    const gate = createTlsServer({ cert, key, ALPNProtocols: ["http/1.1"] }, (secure) => {
      secure.on("error", () => secure.destroy());
      http.emit("connection", secure);
    });
    gate.on("tlsClientError", (error) => onTlsError(authority, error));
    const path = this.#path();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    gate.once("listening", resolve);
    gate.once("error", reject);
    gate.listen(path);
    await promise;
    return { leaf, gate, http, path };
  }

  #path(): string {
    this.#count++;
    const name = `${process.pid}-${this.#count}`;
    if (process.platform === "win32") return `\\\\.\\pipe\\go-cache-plugin-${crypto.randomUUID()}-${name}`;
    this.#dir ??= privateDir();
    return join(this.#dir, name);
  }
}

/** Made for its owner alone. What servers have left that were killed is removed on the occasion. */
function privateDir(): string {
  const place = realpathSync(tmpdir().length > MAX_PATH_BYTES / 2 ? "/tmp" : tmpdir());
  // A process id means nothing to another container on the same disk.
  const space = Bun.hash(pidSpace()).toString(36);
  for (const name of listFiles(place)) {
    const [, foundSpace, pid] = /^gcp-tls-(\w+)-(\d+)-\w+$/.exec(name) ?? [];
    if (foundSpace === space && !isProcessAlive(Number(pid))) tryRemove(join(place, name));
  }
  return mkdtempSync(join(place, `gcp-tls-${space}-${process.pid}-`));
}

function tryRemove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's.
  }
}

function shut({ gate, http }: Door): void {
  gate.close();
  http.closeAllConnections();
}
