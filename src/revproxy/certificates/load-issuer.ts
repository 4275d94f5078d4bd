/**
 * Loads what makes certificates, when one is made. The library needs its polyfill to be there before it is loaded, and the
 * order of imports of one module is not what a bundle keeps.
 */
export async function loadIssuer() {
  await import("reflect-metadata");
  return await import("./issue.ts");
}
