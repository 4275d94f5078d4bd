/** A name that nothing can be stored or asked under. */
export class NameError extends Error {
  override name = "NameError" as const;
}
