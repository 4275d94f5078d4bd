/** Rejects a range that names no bytes: S3 can't be asked for none. */
export function checkRange(range: { offset: number; length: number } | undefined): void {
  if (range === undefined) return;
  const { offset, length } = range;
  if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length > 0) return;
  throw new RangeError(`not a range of bytes: ${length} from ${offset}`);
}
