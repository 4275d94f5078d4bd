/** `go-cache-plugin version`: `go-cache-plugin 0.1.0 (commit abc1234, bun 1.4.5, linux/amd64)`. */
import { declareCommand } from "../command.ts";
import { writeStdout } from "../output.ts";
import { versionLine } from "../text/version-line.ts";

export const versionCommand = declareCommand({
  meta: {
    name: "version",
    group: "look",
    description: "print the version, the commit, Bun's version and the platform",
  },
  examples: ["go-cache-plugin version"],
  ignoresCacheprog: true,
  run: () => {
    writeStdout(`${versionLine()}\n`);
    return 0;
  },
});
