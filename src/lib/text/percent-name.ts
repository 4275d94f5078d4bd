/**
 * Any text as one part of an object key and of a file's path: letters, digits, `_`, `-` and inner dots stay, every
 * other byte becomes `%XX`. A long name is cut and ends with `~` and a part of its SHA-256, so that two never meet.
 */

const MAX_LENGTH = 120;
const KEPT_LENGTH = 100;
const HASH_DIGITS = 16;

export function encodeName(text: string): string {
  const encoded = text.replaceAll(/[^\w.-]|^\.|\.$/gu, (char) =>
    [...Buffer.from(char)].map(percent).join(""),
  );
  // An empty name would vanish from the key.
  if (encoded === "") return "%";
  if (encoded.length <= MAX_LENGTH) return encoded;
  const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
  return `${encoded.slice(0, KEPT_LENGTH).replace(/%.?$/, "")}~${hash}`;
}

/** The readable form; a cut name stays cut. */
export function decodeName(name: string): string {
  if (name === "%") return "";
  return name.replaceAll(/(%[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
