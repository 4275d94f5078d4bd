import type { ServerResponse } from "node:http";
/**
 * Sends the chunks as fast as the client takes them, and ends the response. Resolves when that is done, or the client has
 * gone; a source that fails breaks the connection, so that nobody takes a part for the whole.
 */
export async function sendBody(response: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const gone = Promise.withResolvers<void>();
  const onClose = () => gone.resolve();
  response.once("close", onClose);
  try {
    for await (const chunk of chunks) {
      if (response.destroyed || response.writableEnded) return;
      if (response.write(chunk)) continue;
      const drained = new Promise<void>((resolve) => response.once("drain", resolve));
      await Promise.race([drained, gone.promise]);
    }
    response.end();
  } catch (error) {
    response.destroy(error instanceof Error ? error : undefined);
  } finally {
    response.off("close", onClose);
  }
}
