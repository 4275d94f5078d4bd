/** Guards for values from outside, such as parsed JSON. A shape allows further fields. */
export type Guard<T> = (value: unknown) => value is T;

const SHA256 = /^[0-9a-f]{64}$/;

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** Finite. */
export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** A whole number from 0 on, not -0, which JSON can name and would not write again. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** A SHA-256, or an id of go's, in lower-case hex. */
export function isSha256(value: unknown): value is string {
  return isText(value) && SHA256.test(value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function oneOf<T extends string>(...texts: T[]): Guard<T> {
  return (value): value is T => texts.some((text) => text === value);
}

export function listOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every((item) => guard(item));
}

/** An object with values of that guard only. */
export function tableOf<T>(guard: Guard<T>): Guard<Record<string, T>> {
  return (value): value is Record<string, T> => isObject(value) && listOf(guard)(Object.values(value));
}

/** An object with these fields at least. */
export function shape<T>(fields: { [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  const guards = Object.entries<Guard<unknown>>(fields);
  return (value): value is T => isObject(value) && guards.every(([name, guard]) => guard(value[name]));
}
