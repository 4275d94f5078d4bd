/**
 * The HTTP caching suite of the field (npm `http-cache-tests`): its origin in a process of its own, its client here,
 * a proxy between them. Its modules are plain JavaScript without types.
 */
import { join } from "node:path";
import { PROJECT_DIR } from "./binary.ts";
import { freePort } from "./free-port.ts";
import { plainEnv, type Running, start } from "./process.ts";
import { proxiedFetch } from "./proxied-fetch.ts";

const SUITE_DIR = join(PROJECT_DIR, "node_modules/http-cache-tests");

/** All tests at once: each has a resource of its own, and most of their time is waiting. */
const CHUNK_SIZE = 1000;

export interface SuiteTest {
  id: string;
  /** How much it matters; `required` when it says nothing. */
  kind?: "required" | "optimal" | "check";
  name: string;
  browser_only?: boolean;
}

export interface SuiteGroup {
  id: string;
  name: string;
  tests: SuiteTest[];
}

/** `true`: passed; otherwise why it did not. */
export type SuiteResults = Record<string, true | [kind: string, message: string]>;

/** The suite's origin; dispose of it when done. */
export async function startSuiteOrigin(): Promise<{ url: string; host: string } & AsyncDisposable> {
  const port = await freePort();
  const env = plainEnv({
    npm_config_protocol: "http",
    npm_config_port: String(port),
    npm_config_pidfile: "/dev/null",
  });
  const running: Running = start(["node", "server/server.mjs"], { cwd: SUITE_DIR, env });
  await running.stdoutHas("Listening on");
  const host = `localhost:${port}`;
  return { url: `http://${host}`, host, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

/** Runs all of it through the proxy at `address`. Once a process, for it keeps its results. */
export async function runSuite(
  address: string,
  originUrl: string,
): Promise<{ groups: SuiteGroup[]; results: SuiteResults }> {
  const { default: groups } = (await import(join(SUITE_DIR, "tests/index.mjs"))) as { default: SuiteGroup[] };
  const { runTests, getResults } = (await import(join(SUITE_DIR, "client/runner.mjs"))) as {
    runTests: (...options: unknown[]) => Promise<void>;
    getResults: () => SuiteResults;
  };
  const send = (url: string, init: object) => proxiedFetch(address, url, init);
  await runTests(groups, send, false, originUrl, CHUNK_SIZE);
  const shown = groups.map((group) => ({
    ...group,
    tests: group.tests.filter((test) => !test.browser_only),
  }));
  return { groups: shown, results: getResults() };
}
