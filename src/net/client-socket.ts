import { Deadline } from "../lib/async/deadline.ts";
import { formatListenAddress, type ListenAddress } from "../lib/network/listen-address.ts";

/** Receives the events of a `ClientSocket`. */
export interface SocketListener {
  /** The bytes are only valid during the call. */
  onData(bytes: Uint8Array): void;
  /** It has ended, for whatever reason; nothing follows. */
  onEnd(): void;
}

/** Nothing listens on that address. */
export class NoListenerError extends Error {
  override name = "NoListenerError" as const;

  constructor(address: ListenAddress, options?: ErrorOptions) {
    super(`nothing listens on ${formatListenAddress(address)}`, options);
  }
}

const CONNECT_MS = 1_000;

/** A connection to a server. Bun's own sockets: those of `node:net` take ten milliseconds to load, and go waits. */
export class ClientSocket {
  /** Receives what comes from now on. */
  listener: SocketListener;
  #socket: Bun.Socket<undefined> | undefined;
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #isEnding = false;
  #isOpen = true;
  readonly #closed = Promise.withResolvers<void>();

  private constructor(listener: SocketListener) {
    this.listener = listener;
  }

  /** Rejects with a `NoListenerError` within a second. */
  static async connect(address: ListenAddress, listener: SocketListener): Promise<ClientSocket> {
    const client = new ClientSocket(listener);
    const handlers: Bun.SocketHandler<undefined> = {
      data: (_socket, bytes) => client.listener.onData(bytes),
      drain: () => client.#flush(),
      end: () => client.#end(),
      close: () => client.#end(),
      error: () => client.#end(),
    };
    using limit = new Deadline(CONNECT_MS);
    const timeout = Promise.withResolvers<never>();
    limit.signal.addEventListener("abort", () => timeout.reject(limit.signal.reason));
    try {
      client.#socket = await Promise.race([open(address, handlers), timeout.promise]);
    } catch (cause) {
      throw new NoListenerError(address, { cause });
    }
    return client;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What is queued since the peer does not read. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Sends a text after what is queued. Lost when the connection has ended. */
  write(text: string | Uint8Array): void {
    if (!this.#isOpen || this.#isEnding) return;
    const bytes = typeof text === "string" ? Buffer.from(text) : new Uint8Array(text);
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (this.#unsent.length === 1) this.#flush();
  }

  /** Resolves when all is sent, or the connection has ended. */
  async drained(): Promise<void> {
    while (this.#unsent.length > 0 && this.#isOpen) await Bun.sleep(1);
  }

  /** Sends what is queued, then closes; resolves when the peer has closed too, or after `limitMs`. */
  async end(limitMs: number): Promise<void> {
    this.#isEnding = true;
    this.#flush();
    await Promise.race([this.#closed.promise, Bun.sleep(limitMs)]);
    this.destroy();
  }

  destroy(): void {
    this.#socket?.terminate();
    this.#end();
  }

  #flush(): void {
    for (let next = this.#unsent[0]; next !== undefined && this.#isOpen; next = this.#unsent[0]) {
      const sent = Math.max(0, this.#socket?.write(next) ?? 0);
      this.#unsentBytes -= sent;
      if (sent < next.length) {
        this.#unsent[0] = next.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    if (this.#isEnding) this.#socket?.shutdown();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closed.resolve();
    this.listener.onEnd();
  }
}

function open(address: ListenAddress, socket: Bun.SocketHandler<undefined>): Promise<Bun.Socket<undefined>> {
  if (address.kind === "unix") return Bun.connect({ unix: address.path, socket });
  if (address.kind === "tcp") {
    return Bun.connect({ hostname: address.host || "localhost", port: address.port, socket });
  }
  throw new Error("a socket of systemd's has no address");
}
