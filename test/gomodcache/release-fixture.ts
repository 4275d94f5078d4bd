/** A release of go in a module cache, and what a checksum database says of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashOfFiles } from "../../src/gomod/module-hash.ts";
import { parseVerifier } from "../../src/gomod/sumdb/note.ts";
import { formatTileName, type Tile } from "../../src/gomod/sumdb/tile-name.ts";
import { GoModCache } from "../../src/gomodcache/go-mod-cache.ts";
import type { GoModCacheOptions } from "../../src/gomodcache/module-forms.ts";
import type { WantedRelease } from "../../src/gomodcache/wanted-modules.ts";
import { sha256Hex } from "../support/ids.ts";
import { TestSumdb } from "../support/modules/test-sumdb.ts";

export const RELEASE = { path: "golang.org/toolchain", version: "v0.0.1-go1.99.0.linux-amd64" };
/** As in the zip: without the go.mod files that go copies. */
export const RELEASE_FILES: Record<string, string> = {
  VERSION: "go1.99.0\n",
  "bin/go": "#!/bin/sh\necho new\n",
  "bin/gofmt": "#!/bin/sh\n",
  "pkg/tool/linux_amd64/compile": "#!/bin/sh\n",
  "src/_go.mod": "module std\n",
  "src/cmd/_go.mod": "module cmd\n",
};
export const RELEASE_TREE = `${RELEASE.path}@${RELEASE.version}`;
export const RELEASE_DOWNLOAD = `cache/download/${RELEASE.path}/@v/${RELEASE.version}`;
/** The name of the database's reply. */
export const LOOKUP = `lookup/${RELEASE_TREE}`;
const MOD_HASH = `h1:${"A".repeat(43)}=`;
/** Its tiles lie on three levels. */
const RECORDS = 66_000;
const ID = 1_000;

/** The hash of a tree of files. */
export function hashOf(files: Record<string, string>): string {
  return hashOfFiles(
    Object.entries(files).map(([name, text]) => ({
      name: `${RELEASE_TREE}/${name}`,
      sha256: sha256Hex(text),
    })),
  );
}

/** A database that knows the release among many others. */
export function databaseWith(zip = hashOf(RELEASE_FILES), sumdb = new TestSumdb()): TestSumdb {
  for (let n = 0; n < RECORDS; n++) {
    const other = { module: `example.com/m${n}`, version: "v1.0.0", zip: MOD_HASH, mod: MOD_HASH };
    if (n === ID)
      sumdb.add(RELEASE_TREE, { module: RELEASE.path, version: RELEASE.version, zip, mod: MOD_HASH });
    else sumdb.add(`example.com/m${n}@v1.0.0`, other);
  }
  return sumdb;
}

export function releaseOf(sumdb: Pick<TestSumdb, "key">): WantedRelease {
  return { ...RELEASE, database: parseVerifier(sumdb.key) };
}

export function releaseCache(
  root: string,
  release: WantedRelease,
  options: Partial<GoModCacheOptions> = {},
): GoModCache {
  return new GoModCache(root, [], { isWritable: false, forms: "auto", release, ...options });
}

/** A module cache in which go has fetched the release from this database, when its tree had `size` records. */
export function usedCache(root: string, sumdb: TestSumdb, size = sumdb.size): string {
  for (const [name, text] of Object.entries(RELEASE_FILES)) put(root, join(RELEASE_TREE, name), text);
  // What go copies when it runs the release for the first time.
  for (const folder of ["src", "src/cmd"])
    put(root, join(RELEASE_TREE, folder, "go.mod"), RELEASE_FILES[`${folder}/_go.mod`] ?? "");
  put(root, `${RELEASE_DOWNLOAD}.ziphash`, hashOf(RELEASE_FILES));
  put(root, `${RELEASE_DOWNLOAD}.lock`, "");
  const lookup = String(sumdb.answer(LOOKUP)).replace(sumdb.head(), sumdb.head(size));
  put(root, sumdbFile(sumdb, LOOKUP), lookup);
  for (const name of tileNames(size)) put(root, sumdbFile(sumdb, name), sumdb.tile(name) ?? "");
  return root;
}

/** Where go keeps a file of a database. */
export function sumdbFile({ name }: Pick<TestSumdb, "name">, file: string): string {
  return `cache/download/sumdb/${name}/${file}`;
}

/** The tiles that go reads to prove the record in a tree of this size. */
export function tileNames(size = RECORDS): string[] {
  const tiles: Tile[] = [];
  let number = Math.floor(ID / 256);
  for (let level = 0; size >= 256 ** level; level++) {
    const hashes = Math.floor(size / 256 ** level);
    const last = Math.floor(hashes / 256);
    if (number < last) tiles.push({ level, number, width: 256 });
    if (hashes % 256 > 0) tiles.push({ level, number: last, width: hashes % 256 });
    number = Math.floor(number / 256);
  }
  return tiles.map(formatTileName);
}

function put(root: string, name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}
