/** Bytes `start` to `end - 1`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Bytes for an answer, with the status and the value of `Content-Range` that belong to them. */
export type SelectedBytes = ByteRange & ({ status: 200 } | { status: 206 | 416; contentRange: string });

/** The bytes of a body that a Range field asks for; none with status 416. `text`: the field's value. */
export function selectBytes(text: string | undefined, sizeBytes: number): SelectedBytes {
  const range = parseRange(text, sizeBytes);
  if (range === undefined) return { status: 200, start: 0, end: sizeBytes };
  if (range === "unsatisfiable")
    return { status: 416, contentRange: `bytes */${sizeBytes}`, start: 0, end: 0 };
  return { status: 206, contentRange: `bytes ${range.start}-${range.end - 1}/${sizeBytes}`, ...range };
}

/**
 * The request of a Range field (RFC 9110 §14.2): a part, `unsatisfiable`, or `undefined` for the whole body: without
 * a range, with several, or with another unit than bytes.
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
