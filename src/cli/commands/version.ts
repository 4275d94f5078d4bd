/** `go-cache-plugin version`: `go-cache-plugin 0.1.0 (commit abc1234, bun 1.4.5, linux/amd64)`. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";

/** Put in place by the build; absent when run from source. */
declare const BUILD_VERSION: string | undefined;
declare const BUILD_COMMIT: string | undefined;

/** Platforms as Go calls them. */
const GO_NAMES: Readonly<Record<string, string>> = { win32: "windows", x64: "amd64" };

/** Prints the version to stdout. */
export function versionCommand(call: Call) {
  return defineCommand({
    meta: { name: "version" },
    run: () => {
      writeStdout(`${versionLine()}\n`);
      call.exitCode = 0;
    },
  });
}

function versionLine(): string {
  const version = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "from source";
  const commit = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown";
  const platform = [process.platform, process.arch].map((name) => GO_NAMES[name] ?? name).join("/");
  return `go-cache-plugin ${version} (commit ${commit}, bun ${Bun.version}, ${platform})`;
}
