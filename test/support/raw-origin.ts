/**
 * An origin on the level of bytes: it records what each connection sent, and answers each request with a test's bytes.
 * It does not parse bodies: it takes a request within a body for a request.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";

interface RawConnection {
  heard: string;
  closed: Promise<void>;
}

export interface RawOrigin extends AsyncDisposable {
  readonly port: number;
  /** The connections that sent something, in the order of their first bytes. */
  readonly connections: readonly RawConnection[];
  /** The first connection that has sent this text. */
  connectionWith(text: string): Promise<RawConnection>;
  /** Ends all connections. */
  forget(): void;
}

/** `answer`: the bytes that answer a request with this first line; called once for each head. */
export async function startRawOrigin(answer: (requestLine: string) => string): Promise<RawOrigin> {
  const connections: RawConnection[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const connection: RawConnection = { heard: "", closed };
    let answered = 0;
    socket.on("data", (chunk) => {
      if (connection.heard === "") connections.push(connection);
      connection.heard += chunk.toString("latin1");
      const lines = [...connection.heard.matchAll(/^([A-Z]+ \S+ HTTP\/1\.1)\r\n(?:[^\r\n]+\r\n)*\r\n/gm)];
      for (const [, line = ""] of lines.slice(answered)) socket.write(Buffer.from(answer(line), "latin1"));
      answered = lines.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const forget = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    connections.length = 0;
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    forget,
    async connectionWith(text) {
      for (;;) {
        const found = connections.find(({ heard }) => heard.includes(text));
        if (found !== undefined) return found;
        await Bun.sleep(5);
      }
    },
    async [Symbol.asyncDispose]() {
      server.close();
      forget();
    },
  };
}
