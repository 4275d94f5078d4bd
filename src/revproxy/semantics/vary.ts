/** Which requests one stored response is for (RFC 9111 §4.1). */
import { compareUtf8 } from "../../lib/text/compare-utf8.ts";
import { isHarmless } from "./harmless-fields.ts";
import { type HeaderList, hasHeader, headerMembers, headerValues } from "./header-list.ts";

/** Fields with values that are compared without regard to case. */
const CASELESS = ["accept", "accept-charset", "accept-encoding", "accept-language"];

/**
 * The names of the request fields that the origin chose the response by, sorted; `*`: it can't be known. An encoded
 * response was chosen by Accept-Encoding, whether it says so or not.
 */
export function varyNames(response: HeaderList): string[] | "*" {
  const names = new Set(headerMembers(response, "vary"));
  if (names.has("*")) return "*";
  if (hasHeader(response, "content-encoding")) names.add("accept-encoding");
  return [...names].sort(compareUtf8);
}

/** Whether both responses were chosen by the same fields. */
export function haveSameVary(one: HeaderList, other: HeaderList): boolean {
  return String(varyNames(one)) === String(varyNames(other));
}

/**
 * The values of those fields in a request, as text: equal for requests that get the same response. The text is stored,
 * so values that may be secrets are hashed.
 */
export function variantOf(names: readonly string[], request: HeaderList): string {
  return JSON.stringify(names.map((name) => [name, normalized(name, headerValues(request, name))]));
}

/** `null`: there is no such field, which differs from an empty one. */
function normalized(name: string, values: string[]): string | null {
  if (values.length === 0) return null;
  const members = values.flatMap((value) => value.split(",")).map((member) => member.trim());
  const text = members.join(",");
  if (!isHarmless(name)) return new Bun.CryptoHasher("sha256").update(text).digest("hex");
  return CASELESS.includes(name) ? text.toLowerCase() : text;
}
