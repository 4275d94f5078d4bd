/** The bare file systems: what an image of that kind has, made from this machine's files and from Debian's packages. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { unpackPackages } from "../support/debian-packages.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** As `FROM scratch` with nothing but the files that `ldd` names for the program. */
export async function fillScratch(root: string, program: string): Promise<void> {
  const { stdout, stderr, exitCode } = await run(["ldd", program]);
  if (exitCode !== 0) throw new Error(`ldd ${program}: ${stderr}`);
  // "libc.so.6 => /lib/…/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)".
  for (const [, path = ""] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}

/** As distroless images are: the C library's package, no shell. */
export async function fillWithLibc(root: string): Promise<void> {
  await unpackPackages(["libc6"], root);
}

/** A Debian of the smallest variant, of this machine's release and from where this machine has its packages. */
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

async function packageMirror(): Promise<string> {
  const { stdout } = await run([
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
  ]);
  const mirror = stdout.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error("this machine's apt has no mirror of Debian");
  return mirror;
}

/** As Alpine is before anything is added: musl and busybox. */
export async function fillWithMusl(root: string): Promise<void> {
  await unpackPackages(["musl", "busybox-static"], root);
  // Debian keeps the loader's library in a directory of its own.
  const [loader = ""] = readdirSync(join(root, "lib")).filter((name) => name.startsWith("ld-musl-"));
  copyFileSync(join(root, "lib", loader), join(root, "lib", `libc.musl-${loader.slice(8)}`));
  const { stdout } = await run([join(root, "bin/busybox"), "--list"]);
  for (const applet of stdout.trim().split("\n")) {
    rmSync(join(root, "bin", applet), { force: true });
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
}

/** A wheel for Alpine that brings its C++ runtime along, as Alpine's compiler made it. */
const WHEEL = "greenlet==3.1.1";

/** What `apk add libstdc++ libgcc` adds; Debian has neither for musl, so it is out of a wheel for Alpine. */
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
    // libstdc++-0a1b2c3d.so.6.0.32 for libstdc++.so.6; the first names the second's neighbour by the longer name.
    const plain = name.replace(/-[0-9a-f]+(\.so\.\d+).*$/, "$1");
    copyFileSync(dir.join("wheel/greenlet.libs", name), join(root, "usr/lib", name));
    copyFileSync(dir.join("wheel/greenlet.libs", name), join(root, "usr/lib", basename(plain)));
  }
}
