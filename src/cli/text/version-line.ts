/** Defined by the build; absent when run from source. */
declare const BUILD_VERSION: string | undefined;
declare const BUILD_COMMIT: string | undefined;
declare const BUILD_REPOSITORY: string | undefined;

/** Platforms as Go calls them. */
const GO_NAMES: Readonly<Record<string, string>> = { win32: "windows", x64: "amd64" };

/** Name, version and platform in one line. */
export function versionLine(): string {
  const version = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "from source";
  const commit = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown";
  const platform = [process.platform, process.arch].map((name) => GO_NAMES[name] ?? name).join("/");
  return `go-cache-plugin ${version} (commit ${commit}, bun ${Bun.version}, ${platform})`;
}

/** The release and the repository (`OWNER/REPOSITORY` from package.json) of this program. */
export function releaseOf(): { tag: string; repository: string } {
  return {
    tag: typeof BUILD_VERSION === "string" ? `v${BUILD_VERSION}` : "VERSION",
    repository: typeof BUILD_REPOSITORY === "string" ? BUILD_REPOSITORY : "OWNER/REPOSITORY",
  };
}
