/**
 * A name for what becomes `path`, or was it, for a moment; what a killed process leaves of that is found by its end, a dot
 * and a number. No process number: those of two containers that share a directory may be equal.
 */
export function unfinishedPath(path: string): string {
  return `${path}.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
}
