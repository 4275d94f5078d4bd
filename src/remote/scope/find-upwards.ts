import { dirname } from "node:path";

/** The first result of `look` in `directory`, its parent, and so on up to the root. */
export function findUpwards<T>(directory: string, look: (directory: string) => T | undefined): T | undefined {
  for (let current = directory; ; ) {
    const found = look(current);
    const parent = dirname(current);
    if (found !== undefined || parent === current) return found;
    current = parent;
  }
}
