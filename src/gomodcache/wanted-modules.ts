import { parseSumLine, type SumLine } from "../gomod/go-sum.ts";
import { isModuleVersion, type ModuleVersion } from "../gomod/module-version.ts";
import type { Verifier } from "../gomod/sumdb/note.ts";

/** A module that the checkout may need, and what its go.sum files say of it. */
export interface WantedModule extends ModuleVersion {
  /** The hash of its files; `undefined`: nothing needs them. */
  treeHash: string | undefined;
  /** The hash of its go.mod. */
  modHash: string | undefined;
}

/** A release of go for one platform. No go.sum vouches for it, but a checksum database, whose signatures are checked. */
export interface WantedRelease extends ModuleVersion {
  database: Verifier;
}

const H1 = /^h1:[A-Za-z0-9+/]{43}=$/;
/** The module whose versions are releases of go. Go takes a go.sum's word for none of them. */
export const TOOLCHAIN = "golang.org/toolchain";

/** Each takes some 5 KB of memory. Programs have hundreds, the largest repositories a few thousand. */
const MAX_MODULES = 20_000;

/** The id under which the bucket has a module's files. */
export function treeAction({ path, version }: ModuleVersion, hash: string): string {
  return sha256Hex(`go module tree v1\n${path}@${version} ${hash}\n`);
}

/** The same for its zip. */
export function zipAction({ path, version }: ModuleVersion, hash: string): string {
  return sha256Hex(`go module zip v1\n${path}@${version} ${hash}\n`);
}

/** The same for its go.mod alone. */
export function modAction({ path, version }: ModuleVersion, hash: string): string {
  return sha256Hex(`go module file v1\n${path}@${version}/go.mod ${hash}\n`);
}

/** The same for what the checksum database says of a release of go: without that nobody knows the hash of its files. */
export function sumAction({ path, version, database: { name, keyHash } }: WantedRelease): string {
  return sha256Hex(`go module sum v1\n${path}@${version} ${name}+${keyHash.toString(16).padStart(8, "0")}\n`);
}

/**
 * What each action that these modules may have stands for: `example.com/a@v1.0.0`, with `/go.mod` for that file alone, with
 * `.zip` for the zip.
 */
export function namesByAction(modules: readonly WantedModule[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const wanted of modules) {
    const { treeHash, modHash } = wanted;
    if (treeHash !== undefined) {
      names.set(treeAction(wanted, treeHash), nameOf(wanted));
      names.set(zipAction(wanted, treeHash), `${nameOf(wanted)}.zip`);
    }
    if (modHash !== undefined) names.set(modAction(wanted, modHash), `${nameOf(wanted)}/go.mod`);
  }
  return names;
}

/**
 * The modules that go.sum files name. Lines that go would not have written are ignored, and of a module with two
 * different hashes nothing is known. Further ones than the most are left to go.
 */
export function wantedModules(sums: readonly string[]): WantedModule[] {
  const hashes = new Map<string, string | undefined>();
  const modules = new Map<string, ModuleVersion>();
  for (const { path, version, isModFile, hash } of soundLines(sums)) {
    const name = nameOf({ path, version });
    if (modules.size >= MAX_MODULES && !modules.has(name)) continue;
    modules.set(name, { path, version });
    const key = isModFile ? `${name}/go.mod` : name;
    hashes.set(key, hashes.has(key) && hashes.get(key) !== hash ? undefined : hash);
  }
  return [...modules].map(([name, module]) => ({
    ...module,
    treeHash: hashes.get(name),
    modHash: hashes.get(`${name}/go.mod`),
  }));
}

/** One at a time: a go.sum may have many more lines than modules are read. */
function* soundLines(sums: readonly string[]): Generator<SumLine, void, void> {
  for (const text of sums)
    for (const line of text.split("\n")) {
      const sum = parseSumLine(line);
      if (sum !== undefined && H1.test(sum.hash) && isModuleVersion(sum) && sum.path !== TOOLCHAIN) yield sum;
    }
}

export function nameOf({ path, version }: ModuleVersion): string {
  return `${path}@${version}`;
}

function sha256Hex(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
