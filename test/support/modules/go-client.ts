import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, plainEnv, run } from "../process.ts";
import type { TestSumdb } from "./test-sumdb.ts";

/** The go command of this machine with an empty module cache below `dir`, which knows one proxy. */
export interface GoClient {
  readonly modCache: string;
  go(args: string[], options: { cwd: string }): Promise<Outcome>;
}

export function newGoClient(
  dir: string,
  options: { proxy: string; sumdb?: TestSumdb; env?: Record<string, string> },
): GoClient {
  const modCache = join(dir, "modcache");
  const gopath = join(dir, "gopath");
  mkdirSync(gopath, { recursive: true });
  const env = plainEnv({
    HOME: dir,
    GOPATH: gopath,
    GOMODCACHE: modCache,
    GOCACHE: join(dir, "gocache"),
    GOENV: "off",
    // Or the directory could not be removed again.
    GOFLAGS: "-modcacherw",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOPROXY: options.proxy,
    ...(options.sumdb === undefined ? {} : { GOSUMDB: options.sumdb.key }),
    ...options.env,
  });
  return { modCache, go: (args, { cwd }) => run(["go", ...args], { env, cwd }) };
}
