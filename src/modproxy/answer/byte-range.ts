/** What a Range header asks for (RFC 9110, 14.2); only single ranges are known, anything else is the whole. */
export type ByteRange = "whole" | "unsatisfiable" | { offset: number; length: number };

export function parseRange(header: string | undefined, sizeBytes: number): ByteRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { offset: sizeBytes - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < offset) return "whole";
  return offset < sizeBytes ? { offset, length: end - offset } : "unsatisfiable";
}
