/** The hashes in go.sum and checksum databases: `h1:` (golang.org/x/mod/sumdb/dirhash). */
import { compareUtf8 } from "../lib/text/compare-utf8.ts";

/** The hash of a go.mod file. */
export function hashModFile(bytes: Uint8Array): string {
  return hashOfFiles([{ name: "go.mod", sha256: sha256Hex(bytes) }]);
}

/** The hash of a module's files. Their names begin with `<module>@<version>/`. */
export function hashOfFiles(files: { name: string; sha256: string }[]): string {
  const sorted = files.toSorted((a, b) => compareUtf8(a.name, b.name));
  const lines = sorted.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
  return `h1:${new Bun.CryptoHasher("sha256").update(lines).digest("base64")}`;
}

function sha256Hex(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
