/**
 * Shells that a machine may lack. A missing one is unpacked from Debian's packages into `.cache/`, which installs
 * nothing and needs no rights.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { TOOL_CACHE_DIR } from "./binary.ts";
import { unpackPackages } from "./debian-packages.ts";
import { makeOnce } from "./make-once.ts";

/** A shell and the settings that it needs to find its own parts. */
export interface UnpackedShell {
  program: string;
  /** `undefined`: an installed shell, which finds everything by itself. */
  root: string | undefined;
  env: Record<string, string>;
}

const PACKAGES = {
  zsh: { names: ["zsh", "zsh-common"], program: "bin/zsh" },
  fish: { names: ["fish", "fish-common", "libpcre2-32-0"], program: "usr/bin/fish" },
};

/** The shell of the system, else one that is unpacked at the first call and kept. */
export async function provideShell(name: keyof typeof PACKAGES): Promise<UnpackedShell> {
  const installed = Bun.which(name);
  if (installed !== null) return { program: installed, root: undefined, env: {} };
  const { names, program: ownPath } = PACKAGES[name];
  const root = await makeOnce(join(TOOL_CACHE_DIR, "shells", name), (half) => unpackPackages(names, half));
  const program = join(root, ownPath);
  const libraries = readdirSync(join(root, "usr/lib")).map((triplet) => join(root, "usr/lib", triplet));
  return { program, root, env: { LD_LIBRARY_PATH: libraries.join(":") } };
}
