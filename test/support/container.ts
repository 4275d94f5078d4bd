/**
 * The file system of a job in a container: this machine's system, its own home, `/tmp` and `/usr/local`, one Go
 * release. Paths are the same each time, and nothing on this machine changes.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BareRoot, TMPFS } from "./bare-root.ts";

const SYSTEM = ["bin", "sbin", "lib", "lib64"];

/** `visible`: files of this machine that are there under the same path. */
export function newContainer(path: string, goRoot: string, visible: readonly string[]): BareRoot {
  for (const dir of ["tmp", "root", "usr-local-bin"]) mkdirSync(join(path, dir), { recursive: true });
  const mounts: Record<string, string> = { "/dev": "dev", "/proc": "proc", "/usr": "usr", "/etc": "etc" };
  for (const name of SYSTEM.filter((name) => existsSync(`/${name}`))) {
    if (lstatSync(`/${name}`).isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(path, name));
    else mounts[`/${name}`] = name;
  }
  for (const file of visible) mounts[dirname(file)] = dirname(file).slice(1);
  return {
    path,
    mounts: {
      ...mounts,
      [TMPFS]: "usr/local",
      [join(path, "usr-local-bin")]: "usr/local/bin",
      [goRoot]: "usr/local/go",
    },
    // As in Docker's image golang.
    env: {
      PATH: "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      GOPATH: "/go",
      GOTOOLCHAIN: "local",
    },
  };
}
