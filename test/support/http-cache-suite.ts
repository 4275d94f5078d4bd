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

interface SuiteTest {
  id: string;
  /** Its severity; default: `required`. */
  kind?: "required" | "optimal" | "check";
  name: string;
  browser_only?: boolean;
}

interface SuiteGroup {
  id: string;
  name: string;
  tests: SuiteTest[];
}

/**
 * `true`: passed; otherwise the reason. The kind is `Setup` if the tested situation did not occur, so there is no
 * verdict; the suite's own tables do not count that as a failure.
 */
type SuiteResults = Record<string, true | [kind: string, message: string]>;

/** The result of a test. */
export type SuiteGrade = "passed" | "failed" | "not set up";

export interface GradedGroup {
  id: string;
  tests: (SuiteTest & { grade: SuiteGrade })[];
}

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
export async function runSuite(address: string, originUrl: string): Promise<GradedGroup[]> {
  const { default: groups } = (await import(join(SUITE_DIR, "tests/index.mjs"))) as { default: SuiteGroup[] };
  const { runTests } = (await import(join(SUITE_DIR, "client/runner.mjs"))) as {
    runTests: (...options: unknown[]) => Promise<void>;
  };
  const { makeCacheTest, testResults: results } = (await import(join(SUITE_DIR, "client/test.mjs"))) as {
    makeCacheTest: (test: SuiteTest) => Promise<void>;
    testResults: SuiteResults;
  };
  const send = (url: string, init: object) => proxiedFetch(address, url, init);
  await runTests(groups, send, false, originUrl, CHUNK_SIZE);
  // Many tests expect answers within two seconds, which a busy machine may not manage when all begin at once. So those
  // that did not pass run again together, fewer each time, until no further one passes.
  const all = groups.flatMap(({ tests }) => tests);
  const notPassed = () => all.filter((test) => gradeOf(results[test.id]) !== "passed");
  for (let left = notPassed(), before = all.length; left.length < before; left = notPassed()) {
    before = left.length;
    for (const test of left) delete results[test.id];
    await Promise.all(left.map(makeCacheTest));
  }
  return groups.map(({ id, tests }) => {
    const ours = tests.filter((test) => !test.browser_only);
    return { id, tests: ours.map((test) => ({ ...test, grade: gradeOf(results[test.id]) })) };
  });
}

function gradeOf(result: SuiteResults[string] | undefined): SuiteGrade {
  if (result === true) return "passed";
  return result?.[0] === "Setup" ? "not set up" : "failed";
}
