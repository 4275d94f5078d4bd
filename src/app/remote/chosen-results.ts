import type { LocalCache } from "../../buildcache/local-cache.ts";
import { OwnTestResults } from "../../buildcache/own-test-results.ts";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import type { Config } from "../config.ts";

/** The remote with the results of tests that the settings let through. */
export function withChosenResults(
  remote: RemoteBuilds,
  { testResults }: Pick<Config, "testResults">,
  local: LocalCache,
): RemoteBuilds {
  return testResults === "share" ? remote : new OwnTestResults(remote, local);
}
