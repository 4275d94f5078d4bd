/** Which names each directory holds, gathered from the paths of files. */
export class DirectoryNames {
  readonly #below: string;
  readonly #names = new Map<string, Set<string>>();

  /** `below`: the directory that all paths are in, without a slash at its end; empty: the top. */
  constructor(below: string) {
    this.#below = below;
  }

  /** Counts a path, and the directories on the way to it. */
  add(path: string): void {
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, Math.max(slash, 0));
    const known = this.#names.get(directory);
    if (known !== undefined) {
      known.add(path.slice(slash + 1));
      return;
    }
    this.#names.set(directory, new Set([path.slice(slash + 1)]));
    if (directory !== this.#below) this.add(directory);
  }

  [Symbol.iterator](): IterableIterator<[directory: string, names: ReadonlySet<string>]> {
    return this.#names.entries();
  }
}
