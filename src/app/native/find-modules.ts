/** Which modules a checkout may need, and where go keeps them. */
import { readdirSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type WantedModule, wantedModules } from "../../gomodcache/wanted-modules.ts";
import { statFile, statPlainFile } from "../../lib/files/stat-file.ts";
import { splitGoWords } from "../../lib/text/go-words.ts";
import { directiveValues } from "../../remote/scope/mod-file.ts";
import { readFileStart } from "../../remote/scope/read-file-start.ts";
import type { GoCheckout } from "../go-env.ts";

/** The largest known files have about 1 MB. A file that is cut off names fewer modules. */
export const MAX_FILE_BYTES = 16 << 20;
/** Folders that are searched for nested modules. Most checkouts have fewer; further modules are go's own business. */
const MAX_FOLDERS = 2_000;
const MAX_DEPTH = 4;
/** Where modules are that no go command of a job is run in, and go's copies of others. */
const SKIPPED = /^(?:[._].*|testdata|vendor|node_modules)$/;

export interface CheckoutModules {
  /** `$GOMODCACHE`, an absolute path. */
  path: string;
  wanted: WantedModule[];
  /** Whether folders in it stay writable. */
  isWritable: boolean;
}

/** `checkout`: what go says of `cwd`. `undefined`: there is no go, or it keeps no modules. Never throws. */
export function findModules(checkout: GoCheckout | undefined, cwd: string): CheckoutModules | undefined {
  if (checkout === undefined || !isAbsolute(checkout.GOMODCACHE)) return undefined;
  const flags = flagsOf(checkout);
  const sums = sumFiles(checkout, cwd, flags).flatMap((file) => readFileStart(file, MAX_FILE_BYTES) ?? []);
  return {
    path: checkout.GOMODCACHE,
    wanted: wantedModules(sums),
    isWritable: /^(?:1|t|true)$/i.test(flagValue(flags, "modcacherw") ?? ""),
  };
}

function flagsOf({ GOFLAGS }: GoCheckout): string[] {
  try {
    return splitGoWords(GOFLAGS);
  } catch {
    return [];
  }
}

/** The last value of a flag; `true` for one without. */
function flagValue(flags: readonly string[], name: string): string | undefined {
  const start = new RegExp(`^--?${name}(?:=(.*))?$`, "s");
  const last = flags.findLast((flag) => start.test(flag));
  return last === undefined ? undefined : (start.exec(last)?.[1] ?? "true");
}

/** The go.sum files of the main module, of its workspace, and of modules below `cwd`. */
function sumFiles({ GOMOD, GOWORK }: GoCheckout, cwd: string, flags: readonly string[]): string[] {
  const mode = flagValue(flags, "mod");
  const modFile = flagValue(flags, "modfile");
  const workFolder = isAbsolute(GOWORK) && statFile(GOWORK) ? [dirname(GOWORK)] : [];
  if (workFolder.some((folder) => isVendored(folder, mode))) return [];
  const mainFolder = isAbsolute(GOMOD) && statFile(GOMOD) ? [dirname(GOMOD)] : [];
  const members = workFolder.flatMap((folder) =>
    [...directiveValues(readFileStart(GOWORK, MAX_FILE_BYTES) ?? "", "use")].map((use) =>
      resolve(folder, use),
    ),
  );
  const others = [...mainFolder, ...modulesBelow(cwd)].filter((folder) => !isVendored(folder, mode));
  // Of what a single member has vendored go takes no notice.
  const folders = new Set([...members, ...others]);
  return [
    ...workFolder.map((folder) => join(folder, "go.work.sum")),
    ...[...folders].map((folder) => join(folder, "go.sum")),
    ...(modFile === undefined ? [] : [resolve(cwd, modFile.replace(/[.]mod$/, ".sum"))]),
  ];
}

/** The go.work of the workspace, else the go.mod. Outside of any, go names a device in place of a go.mod. */
export function mainFile({ GOWORK, GOMOD }: GoCheckout): string | undefined {
  return [GOWORK, GOMOD].find((path) => isAbsolute(path) && statFile(path) !== undefined);
}

/** Whether go takes the modules of the main module, or of its workspace, from the checkout. */
export function usesVendor(checkout: GoCheckout): boolean {
  const main = mainFile(checkout);
  return main !== undefined && isVendored(dirname(main), modMode(checkout));
}

/** The value of `-mod` in GOFLAGS. */
export function modMode(checkout: GoCheckout): string | undefined {
  return flagValue(flagsOf(checkout), "mod");
}

/** Whether go takes the modules from the checkout. */
function isVendored(folder: string, mode: string | undefined): boolean {
  if (mode === "mod" || mode === "readonly") return false;
  return statFile(join(folder, "vendor", "modules.txt")) !== undefined;
}

function modulesBelow(cwd: string): string[] {
  const found: string[] = [];
  let folders = [cwd];
  let left = MAX_FOLDERS;
  for (let depth = 0; depth <= MAX_DEPTH && left > 0; depth++) {
    const searched = folders.slice(0, left);
    left -= searched.length;
    found.push(...searched.filter((folder) => statPlainFile(join(folder, "go.mod"))));
    folders = searched.flatMap(foldersIn);
  }
  return found;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}
