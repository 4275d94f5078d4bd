import { expect } from "bun:test";
import { chownSync, readdirSync } from "node:fs";
import { verifyStoredModules } from "../../../src/app/modules/modules.ts";
import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { Logger } from "../../../src/lib/logger.ts";
import { testOnLinux } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NOBODY = 65_534;

testOnLinux(
  "modules in a cache directory of somebody else's are not looked at, and that is said",
  async () => {
    using dir = tempDir("modules");
    chownSync(dir.path, NOBODY, NOBODY);
    const lines: string[] = [];
    const log = new Logger({ verbose: false, debugMask: 0, write: (line) => void lines.push(line) });
    const flags = new Map([
      ["cache-dir", dir.path],
      ["upstream", "off"],
    ]);
    const config = toConfig(resolveSettings(flags, {}));
    const env = {
      GOCACHE: "/dev/null/gocache",
      GOOS: "linux",
      GOARCH: "amd64",
      GOVERSION: "go1.27.4",
      GOSUMDB: "off",
    };
    await verifyStoredModules({ config, env, log, onProgress: () => {} });
    expect(lines.join("\n")).toContain(`cache directory ${dir.path} is not used`);
    expect(readdirSync(dir.path)).toEqual([]);
  },
);
