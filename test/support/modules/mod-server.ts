import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../binary.ts";
import { plainEnv, type Running, start } from "../process.ts";
import type { ModuleUpstream } from "./module-upstream.ts";

/** A running `serve --modproxy`. */
export interface ModServer extends AsyncDisposable {
  /** The value of GOPROXY. */
  readonly url: string;
  readonly cacheDir: string;
  readonly running: Running;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Status and text of an answer, as `404 not found: …`. */
  answerTo(path: string, init?: RequestInit): Promise<string>;
  /** Ends it as a service manager does; resolves with its stderr after the drain. */
  stop(): Promise<string>;
}

/** Starts the executable with a cache directory below `dir` and the upstream `upstream`. */
export async function startModServer(options: {
  dir: string;
  upstream: Pick<ModuleUpstream, "url" | "sumdb"> | string;
  flags?: string[];
  env?: Record<string, string>;
}): Promise<ModServer> {
  const { dir, upstream, flags = [], env = {} } = options;
  const cacheDir = join(dir, "cache");
  mkdirSync(dir, { recursive: true });
  // A flag may not hold a password.
  const from: Record<string, string> =
    typeof upstream === "string"
      ? { GOCACHE_UPSTREAM: upstream }
      : { GOCACHE_UPSTREAM: upstream.url, GOCACHE_SUMDB: `${upstream.sumdb.key} ${upstream.url}/nowhere` };
  const argv = [
    binaryPath(),
    "serve",
    "--modproxy",
    "--http=127.0.0.1:0",
    `--cache-dir=${cacheDir}`,
    ...flags,
  ];
  const running = start(argv, {
    env: plainEnv({ GOENV: "off", GOFLAGS: "", HOME: dir, ...from, ...env }),
    cwd: dir,
  });
  const url = `http://${await addressOf(cacheDir, running)}/mod`;
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/${path}`, { ...init, proxy: false } as RequestInit);
  return {
    url,
    cacheDir,
    running,
    get,
    answerTo: async (path, init) => {
      const response = await get(path, init);
      return `${response.status} ${(await response.text()).trim()}`;
    },
    stop: async () => {
      running.signal("SIGTERM");
      return (await running.outcome).stderr;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** The file that it writes when it is ready. */
async function addressOf(cacheDir: string, running: Running): Promise<string> {
  let hasEnded = false;
  void running.outcome.then(() => {
    hasEnded = true;
  });
  for (;;) {
    const address = readNote(join(cacheDir, "state"), running.pid);
    if (address !== undefined) return address;
    if (hasEnded) throw new Error(`serve has ended: ${(await running.outcome).stderr}`);
    await Bun.sleep(5);
  }
}

function readNote(dir: string, pid: number): string | undefined {
  try {
    const notes = readdirSync(dir).filter((name) => /^serve-.*\.json$/.test(name));
    return notes
      .map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")))
      .find((note) => note.pid === pid)?.http;
  } catch {
    // Being written.
    return undefined;
  }
}
