/** Limit for answers without data: acknowledgements and refusals. */
export const SHORT_ANSWER_BYTES = 64 * 1024;

/**
 * Reads the start of a body as text, at most `limitBytes`. Always reads or cancels the whole body, so that its
 * connection is free again. `onBytes` receives the size of each chunk.
 */
export async function readBodyText(
  response: Response,
  limitBytes: number,
  onBytes: (count: number) => void,
): Promise<{ text: string; isWhole: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of response.body ?? []) {
    onBytes(chunk.length);
    text += decoder.decode(chunk.subarray(0, limitBytes - sizeBytes), { stream: true });
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) return { text, isWhole: false };
  }
  return { text, isWhole: true };
}
