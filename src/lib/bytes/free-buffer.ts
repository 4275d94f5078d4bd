/**
 * Frees the memory of `bytes` at once, and leaves `bytes` empty. The collector would do so later:
 * it looks at its own heap, in which a buffer of megabytes is hardly seen. Nothing may use `bytes`, or another view of
 * the same memory, any more; a view of a part is not freed.
 *
 * https://tc39.es/ecma262/#sec-arraybuffer.prototype.transfer
 */
export function freeBuffer(bytes: Uint8Array<ArrayBuffer>): void {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  if (isWhole && !bytes.buffer.detached) bytes.buffer.transfer(0);
}
