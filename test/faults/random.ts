/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Numbers that follow from `seed` and `name` alone, so that a case that is chosen by name has the same chances again. */
export function randomOf(seed: number, name: string): Random {
  let drawn = 0;
  return () => Bun.hash.xxHash32(`${seed} ${name} ${drawn++}`) / 2 ** 32;
}

/** Waits for some moment within the next `seconds`. */
export async function randomMoment(random: Random, seconds: number): Promise<void> {
  await Bun.sleep(random() * seconds * 1000);
}
