/**
 * Where the body of a request ends (RFC 9112 §6.3). A forwarded body is framed here, never by copied fields: a body that
 * the next server does not see as one would be its next request, perhaps on a connection that others share (§11.2).
 */
import { type HeaderList, hasHeader, headerMembers, headerValues, without } from "./header-list.ts";

const FIELDS = ["content-length", "transfer-encoding"];

/** Why nobody can say for sure where the body ends; `undefined`: it is sure. `status`: 400, or 501 for a coding. */
export function framingProblem(
  headers: HeaderList,
  httpVersion: string,
): { status: number; text: string } | undefined {
  const codings = headerMembers(headers, "transfer-encoding");
  const lengths = headerValues(headers, "content-length");
  const isCoded = hasHeader(headers, "transfer-encoding");
  if (isCoded && (codings.length !== 1 || codings[0] !== "chunked")) {
    return { status: 501, text: `Transfer-Encoding ${codings.join(", ")} is not understood` };
  }
  const isUnsure = lengths.length > 1 || !lengths.every((length) => /^\d{1,15}$/.test(length));
  // HTTP/1.0 has no chunks (§6.1).
  if (isUnsure || (isCoded && (lengths.length > 0 || httpVersion === "1.0"))) {
    return { status: 400, text: "it is not clear where this request ends" };
  }
  return undefined;
}

/** Whether a request has a body, if only an empty one. */
export function hasFraming(headers: HeaderList): boolean {
  return FIELDS.some((name) => hasHeader(headers, name));
}

/** The fields that frame the same body on another connection. `headers`: those that came, without a problem. */
export function framingOf(headers: HeaderList): HeaderList {
  if (hasHeader(headers, "transfer-encoding")) return [["Transfer-Encoding", "chunked"]];
  return headerValues(headers, "content-length").map((length) => ["Content-Length", String(Number(length))]);
}

export function withoutFraming(headers: HeaderList): HeaderList {
  return without(headers, FIELDS);
}
