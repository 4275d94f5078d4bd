/** Go's names of systems and processors, where they differ from Node's. */
const GOOS: Readonly<Record<string, string>> = { win32: "windows" };
const GOARCH: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/**
 * Target system, processor and Go release, such as `linux_amd64_go1.26.3`. go exports all three to GOCACHEPROG. Outside
 * go: this machine's system and processor, and `any` as the release.
 */
export function goPlatform(
  env: Record<string, string | undefined>,
  machine: { platform: string; arch: string } = process,
): string {
  const os = env.GOOS || (GOOS[machine.platform] ?? machine.platform);
  const arch = env.GOARCH || (GOARCH[machine.arch] ?? machine.arch);
  return `${os}_${arch}_${env.GOVERSION || "any"}`;
}
