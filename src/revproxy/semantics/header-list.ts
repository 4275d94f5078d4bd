/** Header fields as received: in order, with their case, repeated ones apart. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** From the flat list that `node:http` gives. */
export function fromRawHeaders(raw: readonly string[]): HeaderList {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) list.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return list;
}

/** To the flat list that `node:http` takes. */
export function toRawHeaders(headers: HeaderList): string[] {
  return headers.flat();
}

/** The values of all fields with that name, which must be in lower case. */
export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
}

/** The same, combined into one value (RFC 9110 §5.3); `undefined` when there is no such field. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const values = headerValues(headers, name);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The members of a comma-separated field, in lower case, without empty ones. */
export function headerMembers(headers: HeaderList, name: string): string[] {
  const members = headerValues(headers, name).flatMap((value) => value.split(","));
  return members.map((member) => member.trim().toLowerCase()).filter((member) => member !== "");
}

export function hasHeader(headers: HeaderList, name: string): boolean {
  return headers.some(([given]) => given.toLowerCase() === name);
}

/** All fields but those with these names, which must be in lower case. */
export function without(headers: HeaderList, names: ReadonlySet<string> | readonly string[]): HeaderList {
  const dropped = new Set(names);
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** Whether no recipient can take the field for more than one. */
export function isSafeHeader([name, value]: readonly [string, string]): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value);
}
