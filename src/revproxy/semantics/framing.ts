/**
 * Where the body of a request ends (RFC 9112 §6.3). A forwarded body gets framing fields of its own, never copies: the
 * next server would take a body that it does not recognise for another request, perhaps on a shared connection (§11.2).
 */
import { type HeaderList, hasHeader, headerMembers, headerValues, without } from "./header-list.ts";

const FIELDS = ["content-length", "transfer-encoding"];

/** Why the end of the body is ambiguous; `undefined`: it isn't. `status`: 400, or 501 for a coding. */
export function framingProblem(
  headers: HeaderList,
  httpVersion: string,
): { status: number; text: string } | undefined {
  const codings = headerMembers(headers, "transfer-encoding");
  const lengths = headerValues(headers, "content-length");
  const isCoded = hasHeader(headers, "transfer-encoding");
  if (isCoded && (codings.length !== 1 || codings[0] !== "chunked")) {
    return { status: 501, text: `Transfer-Encoding ${codings.join(", ")} is not supported` };
  }
  const isAmbiguous = lengths.length > 1 || !lengths.every((length) => /^\d{1,15}$/.test(length));
  // HTTP/1.0 has no chunks (§6.1).
  if (isAmbiguous || (isCoded && (lengths.length > 0 || httpVersion === "1.0"))) {
    return { status: 400, text: "the end of this request is ambiguous" };
  }
  return undefined;
}

/** Whether a request has a body, which may be empty. */
export function hasFraming(headers: HeaderList): boolean {
  return FIELDS.some((name) => hasHeader(headers, name));
}

/** The fields that frame the same body on another connection. `headers` must have no framing problem. */
export function framingOf(headers: HeaderList): HeaderList {
  if (hasHeader(headers, "transfer-encoding")) return [["Transfer-Encoding", "chunked"]];
  return headerValues(headers, "content-length").map((length) => ["Content-Length", String(Number(length))]);
}

export function withoutFraming(headers: HeaderList): HeaderList {
  return without(headers, FIELDS);
}
