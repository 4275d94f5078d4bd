/** "Did you mean …?": the valid name that somebody most likely had in mind. */

/** Two typing errors at most, fewer in a short word. */
function allowedDistance(word: string): number {
  return Math.min(2, Math.floor(word.length / 3));
}

/**
 * The name with the fewest typing errors between it and `word`; failing that, the shortest one that contains
 * `word` or is contained in it. `undefined` when nothing is near. The first of equals wins.
 */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const limit = allowedDistance(lower);
  const near = names
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name ?? overlappingName(lower, names);
}

/** `endpoint` means `s3-endpoint-url`, `s3-bucket` means `bucket`; below four letters that would be chance. */
function overlappingName(word: string, names: readonly string[]): string | undefined {
  const overlapping = names.filter((name) => {
    const [short, long] = [word, name.toLowerCase()].sort((a, b) => a.length - b.length);
    return short !== undefined && short.length >= 4 && long?.includes(short);
  });
  return overlapping.sort((a, b) => a.length - b.length)[0];
}

/** Insertions, deletions, replacements and swaps of neighbours between `a` and `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
