/** The given flags, those among `names` if there are any, as arguments for another process of this program. */
export function flagWords(
  flags: ReadonlyMap<string, string>,
  names: readonly string[] = [...flags.keys()],
): string[] {
  return names.filter((flag) => flags.has(flag)).map((flag) => `--${flag}=${flags.get(flag)}`);
}
