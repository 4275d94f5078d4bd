import type { Socket } from "node:net";

/** Writes `bytes` and waits while the peer is slow; rejects when it is gone. */
export async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed) throw new Error("connection is gone");
  if (socket.write(bytes)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      socket.off("drain", settle).off("close", settle);
      if (socket.destroyed) reject(new Error("connection is gone"));
      else resolve();
    };
    socket.on("drain", settle).on("close", settle);
  });
}

/** Reads a body to its end. */
export async function drain(body: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of body);
}

/** Resets a connection; false: it is over. */
export function reset(client: Socket): false {
  client.resetAndDestroy();
  return false;
}

/** Reads the whole request and then waits until the client gives up; false: the connection is over. */
export async function hang(client: Socket, body: AsyncIterable<Buffer>): Promise<false> {
  await drain(body);
  if (!client.destroyed) await new Promise<void>((resolve) => client.once("close", () => resolve()));
  return false;
}
