/** Bare file systems like images, made from this machine's files and from Debian's packages. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageMirror, unpackPackages } from "../support/debian-packages.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Like `FROM scratch` with only the files that `ldd` names for the program. */
export async function fillScratch(root: string, program: string): Promise<void> {
  const { stdout, stderr, exitCode } = await run(["ldd", program]);
  if (exitCode !== 0) throw new Error(`ldd ${program}: ${stderr}`);
  // "libc.so.6 => /lib/…/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)".
  for (const [, path = ""] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}

/** Like distroless images: the C library's package, no shell. */
export async function fillWithLibc(root: string): Promise<void> {
  await unpackPackages(["libc6"], root);
}

/** The smallest variant of Debian, with this machine's release and mirror. */
export async function fillWithDebian(root: string): Promise<void> {
  if (Bun.which("debootstrap") === null) {
    const installed = await run(["apt-get", "install", "-qy", "--no-install-recommends", "debootstrap"]);
    if (installed.exitCode !== 0) throw new Error(`debootstrap is needed; apt-get says: ${installed.stderr}`);
  }
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "stable";
  const argv = ["debootstrap", "--variant=minbase", release, root, await packageMirror()];
  const { stdout, stderr, exitCode } = await run(argv);
  if (exitCode !== 0) throw new Error(`debootstrap: ${stdout.slice(-2000)}${stderr}`);
}

/**
 * The first release of Debian with a musl that can load binaries of Alpine's compiler since 2023 (packed relocations).
 */
const MUSL_SUITE = "trixie";

/** Like a plain Alpine: musl and busybox. */
export async function fillWithMusl(root: string): Promise<void> {
  await unpackPackages(["musl"], root, MUSL_SUITE);
  await unpackPackages(["busybox-static"], root);
  symlinkSync("usr/lib", join(root, "lib"));
  // Debian's loader searches here, and not in Alpine's directories, which are musl's own.
  for (const name of readdirSync(join(root, "etc"))) rmSync(join(root, "etc", name), { recursive: true });
}

/** A wheel for Alpine that contains the C++ runtime of Alpine's compiler. */
const WHEEL = "greenlet==3.5.6";

/** The files of `apk add libstdc++ libgcc`; Debian has neither for musl, so they are from a wheel for Alpine. */
export async function addCppRuntime(root: string): Promise<void> {
  await using dir = tempDir("wheel");
  const platform = `musllinux_1_2_${process.arch === "arm64" ? "aarch64" : "x86_64"}`;
  const argv = ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"];
  const kind = ["--platform", platform, "--python-version", "3.12", "--implementation", "cp"];
  const { stderr, exitCode } = await run([...argv, ...kind, "--dest", dir.path, WHEEL]);
  if (exitCode !== 0) throw new Error(`pip download ${WHEEL}: ${stderr}`);
  const [wheel = ""] = readdirSync(dir.path);
  await run(["python3", "-m", "zipfile", "-e", dir.join(wheel), dir.join("wheel")]);
  mkdirSync(join(root, "usr/lib"), { recursive: true });
  for (const name of readdirSync(dir.join("wheel/greenlet.libs"))) {
    copyFileSync(dir.join("wheel/greenlet.libs", name), join(root, "usr/lib", name));
    // libstdc++.so.6 for libstdc++-0a1b2c3d.so.6.0.33; the two refer to each other by the longer names.
    symlinkSync(name, join(root, "usr/lib", name.replace(/-[0-9a-f]+(\.so\.\d+).*$/, "$1")));
  }
}
