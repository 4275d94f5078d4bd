/** The requirements of an executable for Linux, by `readelf`, which comes with every C compiler. */
import { run } from "./process.ts";

export interface ElfNeeds {
  /** The path of its loader. Without that file the kernel says "no such file". */
  loader: string;
  /** Names of shared libraries, as the loader looks for them. */
  libraries: string[];
  /** The oldest glibc with all its symbols, such as `2.25`; none for a musl build. */
  glibc: string | undefined;
}

export async function elfNeeds(path: string): Promise<ElfNeeds> {
  const loader = /interpreter: (\S+)\]/.exec(await readelf("--program-headers", path))?.[1] ?? "";
  const dynamic = await readelf("--dynamic", path);
  const libraries = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name);
  const versions = [...(await readelf("--version-info", path)).matchAll(/Name: GLIBC_([\d.]+)/g)];
  return { loader, libraries, glibc: newest(versions.map(([, version = ""]) => version)) };
}

async function readelf(what: string, path: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run(["readelf", "--wide", what, path]);
  if (exitCode !== 0) throw new Error(`readelf ${what} ${path}: ${stderr}`);
  return stdout;
}

function newest(versions: string[]): string | undefined {
  return versions.sort((a, b) => Bun.semver.order(padded(a), padded(b))).at(-1);
}

/** `2.4` as a version of three numbers. */
function padded(version: string): string {
  return [...version.split("."), "0", "0"].slice(0, 3).join(".");
}
