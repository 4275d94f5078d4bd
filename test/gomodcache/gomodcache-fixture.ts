/** Module caches with real files, and their hashes as go computes them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashModFile, hashOfFiles } from "../../src/gomod/module-hash.ts";
import { GoModCache } from "../../src/gomodcache/go-mod-cache.ts";
import type { GoModCacheOptions } from "../../src/gomodcache/module-forms.ts";
import { formatTreeHeader, type TreeFile } from "../../src/gomodcache/tree-header.ts";
import type { WantedModule } from "../../src/gomodcache/wanted-modules.ts";
import { sha256Hex } from "../support/ids.ts";
import { makeZip } from "../support/modules/make-zip.ts";

export const MODULE = { path: "example.com/Big/mod", version: "v1.2.0" };
export const MOD = "module example.com/Big/mod\n";
export const INFO = JSON.stringify({ Version: "v1.2.0", Time: "2024-01-02T03:04:05Z" });
export const FILES: Record<string, string> = {
  "a/b.go": "package a\n",
  "a/empty.go": "",
  "a/z/ä ö.txt": "x".repeat(300_000),
  "go.mod": MOD,
  "z.go": "package z\n",
};
/** Where `MODULE` lies, with its capital escaped. */
export const TREE = "example.com/!big/mod@v1.2.0";
export const DOWNLOAD = "cache/download/example.com/!big/mod/@v/v1.2.0";

/** What a go.sum says of a module with these files. */
export function wantedOf(files: Record<string, string> = FILES, mod = MOD): WantedModule {
  const sums = Object.entries(files).map(([name, text]) => ({
    name: `${MODULE.path}@${MODULE.version}/${name}`,
    sha256: sha256Hex(text),
  }));
  return { ...MODULE, treeHash: hashOfFiles(sums), modHash: hashModFile(Buffer.from(mod)) };
}

/** A module cache in which go has unpacked `MODULE`. */
export function unpackedCache(root: string, files: Record<string, string> = FILES): string {
  const put = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  for (const [name, text] of Object.entries(files)) put(join(TREE, name), text);
  put(`${DOWNLOAD}.info`, INFO);
  put(`${DOWNLOAD}.mod`, MOD);
  put(`${DOWNLOAD}.ziphash`, wantedOf(files).treeHash ?? "");
  put(`${DOWNLOAD}.lock`, "");
  return root;
}

export function cacheAt(
  root: string,
  wanted = wantedOf(),
  options: Partial<GoModCacheOptions> = {},
): GoModCache {
  return new GoModCache(root, [wanted], { isWritable: false, forms: "auto", ...options });
}

/** The output of a module with these files, whatever their names are. */
export function outputOf(
  files: readonly (readonly [name: string, text: string])[],
  {
    path,
    version,
    info = INFO,
    mod = MOD,
  }: Partial<Record<"path" | "version" | "info" | "mod", string>> = {},
): Buffer {
  const list = files.map(([name, text]) => [name, Buffer.byteLength(text)]);
  const header = { ...MODULE, ...(path && { path }), ...(version && { version }), info, mod, files: list };
  const json = Buffer.from(JSON.stringify(header));
  return Buffer.concat([
    Buffer.from(`go module tree v1 ${json.length}\n`),
    json,
    ...files.map(([, text]) => Buffer.from(text)),
  ]);
}

/** A zip of `MODULE` with these files. */
export function zipOf(files: Record<string, string> = FILES, { path, version } = MODULE): Buffer {
  const inZip = Object.entries(files).map(([name, text]) => [`${path}@${version}/${name}`, text]);
  return makeZip(Object.fromEntries(inZip));
}

/** The output that this program makes of a zip. */
export function zipOutput(zip: Buffer, module = MODULE): Buffer {
  return Buffer.concat([formatTreeHeader({ ...module, info: INFO, mod: MOD, files: undefined }, "zip"), zip]);
}

/** The output as this program makes it. */
export function soundOutput(files: Record<string, string> = FILES): Buffer {
  const list = Object.entries(files).map(([name, text]): TreeFile => [name, Buffer.byteLength(text)]);
  return Buffer.concat([
    formatTreeHeader({ ...MODULE, info: INFO, mod: MOD, files: list }),
    ...Object.values(files).map((text) => Buffer.from(text)),
  ]);
}

/** The bytes of an output that `get` or `read` has returned. */
export function bytesOf(cache: GoModCache, outputId = ""): Buffer {
  // Each chunk counts until the next is read.
  return Buffer.concat([...(cache.findOutput(outputId)?.chunks() ?? [])].map((chunk) => Buffer.from(chunk)));
}

/** Writes an output in chunks. Throws what the cache throws. */
export function writeOutput(cache: GoModCache, bytes: Buffer, chunkBytes = bytes.length): void {
  const output = cache.createOutput();
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) output.write(bytes.subarray(at, at + chunkBytes));
    output.commit();
  } catch (error) {
    output.discard();
    throw error;
  }
}
