import type { ServerResponse } from "node:http";

/**
 * Sends the chunks as fast as the client takes them, and ends the response. Resolves when that is done, or the client
 * has disconnected. Rejects when the source fails; the connection is broken then, so that no client takes a part for
 * the whole.
 */
export async function sendBody(response: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const onClose = () => closed.resolve();
  response.once("close", onClose);
  try {
    for await (const chunk of chunks) {
      if (response.destroyed || response.writableEnded) return;
      if (response.write(chunk)) continue;
      const drained = new Promise<void>((resolve) => response.once("drain", resolve));
      await Promise.race([drained, closed.promise]);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    response.off("close", onClose);
  }
}
