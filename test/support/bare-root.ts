/**
 * File systems as bare images have them, and commands in them: by chroot, in a mount namespace of their own, so that
 * nothing remains afterwards. Root needs nothing for that, other users need user namespaces.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, run } from "./process.ts";

/** Instead of a directory of this machine: an empty one, removed with the command. */
export const TMPFS = "tmpfs";

/** `$1` is the root, then come `from:to` until `--`, then the command. */
const ENTER = `root=$1
shift
while [ "$1" != -- ]; do
  mkdir -p "$root/\${1#*:}"
  case $1 in
    ${TMPFS}:*) mount -t tmpfs tmpfs "$root/\${1#*:}" ;;
    *) mount --rbind "\${1%%:*}" "$root/\${1#*:}" ;;
  esac
  shift
done
shift
exec chroot "$root" "$@"`;

export interface BareRoot {
  path: string;
  /** Directories of this machine, or `TMPFS`, and where they are seen there; in this order. */
  mounts: Record<string, string>;
  /** The whole environment of a command there. */
  env: Record<string, string>;
}

/** A root with the directories that a container gets from its runtime, and this Go at `/usr/local/go`. */
export function bareRoot(path: string, goRoot: string): BareRoot {
  for (const dir of ["tmp", "root"]) mkdirSync(join(path, dir), { recursive: true });
  return {
    path,
    mounts: { "/dev": "dev", "/proc": "proc", [goRoot]: "usr/local/go" },
    env: {
      PATH: "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin",
      HOME: "/root",
      GOTOOLCHAIN: "local",
      GOFLAGS: "",
    },
  };
}

/** Runs a command there, at `/`. */
export async function runInRoot(
  root: BareRoot,
  argv: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const mounts = Object.entries(root.mounts).map(([from, to]) => `${from}:${to}`);
  return await run([...ownMounts(), "sh", "-ec", ENTER, "sh", root.path, ...mounts, "--", ...argv], {
    env: { ...root.env, ...env, PATH: `${root.env.PATH}:/usr/sbin:/sbin` },
  });
}

/** Starts a command in a mount namespace of its own: no other process sees its mounts. */
function ownMounts(): string[] {
  return process.getuid?.() === 0 ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];
}
