/** Names that Go has for systems and processors, where they differ from Node's. */
const GOOS: Readonly<Record<string, string>> = { win32: "windows" };
const GOARCH: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/**
 * What a go command builds for and with, such as `linux_amd64_go1.26.3`. go exports all three to its helper; outside
 * of go it is this machine's own system and processor, with `any` for the release.
 */
export function goPlatform(
  env: Record<string, string | undefined>,
  machine: { platform: string; arch: string } = process,
): string {
  const os = env.GOOS || (GOOS[machine.platform] ?? machine.platform);
  const arch = env.GOARCH || (GOARCH[machine.arch] ?? machine.arch);
  return `${os}_${arch}_${env.GOVERSION || "any"}`;
}
