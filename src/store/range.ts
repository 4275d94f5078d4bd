/** Rejects an empty or invalid range: S3 has no empty ranges. */
export function checkRange(range: { offset: number; length: number } | undefined): void {
  if (range === undefined) return;
  const { offset, length } = range;
  if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length > 0) return;
  throw new RangeError(`not a range of bytes: ${length} from ${offset}`);
}
