/** The platforms of the executables. */

/** https://bun.com/docs/bundler/executables#supported-targets */
export const TARGETS = [
  "bun-linux-x64",
  "bun-linux-x64-baseline",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-x64-baseline-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-x64-baseline",
  "bun-darwin-arm64",
  "bun-windows-x64",
  "bun-windows-x64-baseline",
  "bun-windows-arm64",
] as const satisfies Bun.Build.CompileTarget[];

/** The output directory of `build.ts`. */
export const OUT_DIR = "dist";

/** `dist/go-cache-plugin-linux-x64`, `dist/go-cache-plugin-windows-x64.exe`. */
export function releaseExecutable(target: string): string {
  const suffix = target.includes("windows") ? ".exe" : "";
  return `${OUT_DIR}/${target.replace(/^bun-/, "go-cache-plugin-")}${suffix}`;
}

export function releaseExecutables(): string[] {
  return TARGETS.map(releaseExecutable);
}
