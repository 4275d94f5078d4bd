/**
 * Orders text by its UTF-8 bytes, as S3 orders keys. Differs from `<` where one side has characters beyond
 * U+FFFF, which UTF-16 sorts before U+E000.
 */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
