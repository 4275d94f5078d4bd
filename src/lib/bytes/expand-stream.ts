import { once } from "node:events";

/**
 * Expands zstd frames that come in pieces, handing `onBytes` each piece of content; the next piece of `source` is only
 * read when the last one is through, so that no more than a few are in memory. Rejects when `source` fails, when
 * `onBytes` throws, and with zlib's error for what is no frame (`isExpandError`). One that is cut off ends early.
 */
export async function expandStream(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void,
): Promise<void> {
  // Loaded when it is needed: it would delay go's first miss by milliseconds.
  const content = process.getBuiltinModule("node:zlib").createZstdDecompress();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  content.once("error", failure.reject);
  content.on("data", (bytes: Uint8Array) => {
    try {
      onBytes(bytes);
    } catch (error) {
      content.destroy(error as Error);
    }
  });
  try {
    for await (const piece of source) {
      if (content.write(piece)) continue;
      await Promise.race([once(content, "drain"), failure.promise]);
    }
    const ended = once(content, "end");
    ended.catch(() => undefined);
    content.end();
    await Promise.race([ended, failure.promise]);
  } finally {
    content.destroy();
  }
}

/** Whether the bytes were to blame (https://nodejs.org/api/zlib.html). */
export function isExpandError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && /^(ZSTD_|Z_)/i.test(code);
}
