/** No answer that is only an acknowledgement or a refusal is longer. */
export const SHORT_ANSWER_BYTES = 64 * 1024;

/**
 * The start of a body as text, at most `limitBytes` of it. Always leaves the body read or cancelled, so that
 * its connection is free again. `onBytes` is told what came.
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
