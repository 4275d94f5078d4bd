/** Bytes `start` to `end - 1`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * What a Range field asks of a body (RFC 9110 §14.2): the part, `unsatisfiable`, or `undefined` for the whole: no
 * range, several, or something else than bytes.
 */
export function parseRange(
  text: string | undefined,
  sizeBytes: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(text ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const suffix = Number(last);
    return suffix === 0 || sizeBytes === 0
      ? "unsatisfiable"
      : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) };
}
