/** Which additions of a project matter, by their listing alone. */
import { additionScopeHash } from "./keys.ts";

/** Of other scopes: a scope's own records contain its own additions. */
const MAX_READ = 32;
/** A reader lists no more. */
export const MAX_LISTED = 4 * MAX_READ;
const MAX_BYTES = 2 << 20;

interface Listed {
  key: string;
  sizeBytes: number;
}

/** The additions to read: the newest ones of other scopes. `own`: the reader's scope; `undefined`: it reads all. */
export function additionsToRead<T extends Listed>(listed: readonly T[], own?: string): T[] {
  const wanted = listed.slice(0, MAX_LISTED).filter(({ key, sizeBytes }) => {
    const hash = additionScopeHash(key);
    return hash !== undefined && hash !== own && sizeBytes <= MAX_BYTES;
  });
  return wanted.slice(0, MAX_READ);
}

/** Those that some scope of the project reads. `listed`: all of the project, in the order of their names. */
export function additionsToKeep<T extends Listed>(listed: readonly T[]): Set<T> {
  const scopes = new Set(listed.slice(0, MAX_LISTED).map(({ key }) => additionScopeHash(key)));
  return new Set([undefined, ...scopes].flatMap((own) => additionsToRead(listed, own)));
}
