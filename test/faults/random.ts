/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Numbers that depend on `seed` and `name` only, so that a case selected by name draws the same ones. */
export function randomOf(seed: number, name: string): Random {
  let drawn = 0;
  return () => Bun.hash.xxHash32(`${seed} ${name} ${drawn++}`) / 2 ** 32;
}

/** Waits for a random time within the next `seconds`. */
export async function randomMoment(random: Random, seconds: number): Promise<void> {
  await Bun.sleep(random() * seconds * 1000);
}
