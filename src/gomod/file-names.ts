import { excerpt } from "../lib/text/excerpt.ts";

/** Largest size of a module's zip, and of its files together. */
export const MAX_MODULE_BYTES = 500 << 20;
/** Largest size of a go.mod file, or of the license. */
export const MAX_GO_MOD_BYTES = 16 << 20;
/** The longest path that common systems can write. */
export const MAX_NAME_CHARS = 4_096;
/**
 * Limits for the names of all files and their directories together. A name of 4,096 characters may name 2,000
 * directories, which take 4 MB, so directories of many files could fill the memory.
 */
const MAX_NAMES_CHARS = 64 << 20;
const MAX_NAMES = 500_000;

const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const ASCII_CHARS = /^[A-Za-z0-9!#$%&()+,\-.=@[\]^_{}~ ]$/;

/**
 * The names of a module's files below its directory, by go's rules (golang.org/x/mod/zip): none leads out of it, and no
 * two of them differ only in case, since some file systems can't have both.
 */
export class FileNames {
  readonly #byFolded = new Map<string, { name: string; isDirectory: boolean }>();
  #chars = 0;

  /** Why a module can't have this name beside the others; `undefined`: it can. */
  add(name: string, isDirectory: boolean): string | undefined {
    if (!isPlain(name)) return `a file with the bad name ${excerpt(name)}`;
    let added = this.#addOne(name, isDirectory);
    // Upwards: the parents of a known directory are known as well.
    for (
      let end = name.lastIndexOf("/");
      added === "new" && end !== -1;
      end = name.lastIndexOf("/", end - 1)
    ) {
      added = this.#addOne(name.slice(0, end), true);
    }
    return typeof added === "string" ? undefined : added.fault;
  }

  #addOne(name: string, isDirectory: boolean): "new" | "known" | { fault: string } {
    const folded = name.toLowerCase();
    const known = this.#byFolded.get(folded);
    if (known === undefined) {
      this.#chars += name.length;
      if (this.#chars > MAX_NAMES_CHARS || this.#byFolded.size === MAX_NAMES)
        return { fault: "too many directories" };
      this.#byFolded.set(folded, { name, isDirectory });
      return "new";
    }
    const isSame = known.name === name && known.isDirectory && isDirectory;
    return isSame ? "known" : { fault: `${excerpt(known.name)} and ${excerpt(name)}` };
  }
}

function isPlain(name: string): boolean {
  return name.split("/").every((part) => {
    if (part === "" || /^\.+$/.test(part) || part.endsWith(".")) return false;
    if (RESERVED.test(part.split(".")[0] ?? "")) return false;
    return [...part].every((char) =>
      char.charCodeAt(0) < 128 ? ASCII_CHARS.test(char) : /\p{L}/u.test(char),
    );
  });
}
