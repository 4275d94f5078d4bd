/** The module proxy with the real upstream: `go mod download` of a real program's requirements, from nothing. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { s3Flags } from "../../support/binary.ts";
import { NEWEST_GO } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { type ModServer, startModServer } from "../../support/modules/mod-server.ts";
import { plainEnv, run } from "../../support/process.ts";
import { realProgram } from "../../support/real-program.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { median } from "../statistics.ts";
import { formatSeconds } from "../tables.ts";

/** The results of one round, in seconds. */
interface Round {
  direct: number;
  cold0: number;
  cold50: number;
  file: number;
  local: number;
  localSum: number;
  new0: number;
  new50: number;
}

export async function benchModules(context: BenchContext): Promise<string> {
  const { dir, runs } = context;
  const { dir: program } = await realProgram(dir.join("modules-program"));
  const go = await newestGo();
  const upstream = await stockProxy();
  const rounds: Round[] = [];
  for (let n = 0; n < runs; n++) {
    rounds.push(
      await playRound(context, {
        dir: dir.join(`modules-${n}`),
        program,
        go,
        upstream,
        prefix: `modules-${n}`,
      }),
    );
    rmSync(dir.join(`modules-${n}`), { recursive: true, force: true });
  }
  const seconds = (key: keyof Round) => formatSeconds(median(rounds.map((round) => round[key])));
  const by = (key: keyof Round, other: keyof Round) =>
    median(rounds.map((round) => round[key] / round[other])).toFixed(2);
  return markdownTable(
    ["`go mod download`, empty module cache", "wall", "compared", "by that"],
    [
      ["without this proxy", seconds("direct"), "", ""],
      ["nothing cached, S3 at 0 ms", seconds("cold0"), "without this proxy", by("cold0", "direct")],
      ["nothing cached, S3 at 50 ms", seconds("cold50"), "without this proxy", by("cold50", "direct")],
      ["GOPROXY=file://, GOSUMDB=off", seconds("file"), "", ""],
      ["local disk, GOSUMDB=off", seconds("local"), "file://", by("local", "file")],
      ["local disk", seconds("localSum"), "", ""],
      ["new machine, S3 at 0 ms, no upstream", seconds("new0"), "local disk", by("new0", "localSum")],
      ["new machine, S3 at 50 ms, no upstream", seconds("new50"), "local disk", by("new50", "localSum")],
    ],
  );
}

interface Place {
  dir: string;
  program: string;
  go: string;
  upstream: string;
  prefix: string;
}

/** In the order of their dependencies; compared measurements are consecutive. */
async function playRound({ server }: BenchContext, place: Place): Promise<Round> {
  await using near = await openLine(server, { latencyMs: 0 });
  await using far = await openLine(server, { latencyMs: 50 });
  const flags = (endpoint: string, prefix: string) => s3Flags(server, { endpoint, prefix });
  const serve = (machine: string, upstream: string, extra: string[]) =>
    startModServer({ dir: `${place.dir}/${machine}`, upstream, flags: extra, env: server.env });
  const direct = await download(place, "direct", { proxy: place.upstream });
  const cold0 = await withServer(
    await serve("m0", place.upstream, flags(near.endpoint, `${place.prefix}-0`)),
    (proxy) => download(place, "cold0", { proxy }),
  );
  const cold50 = await withServer(
    await serve("m50", place.upstream, flags(far.endpoint, `${place.prefix}-50`)),
    (proxy) => download(place, "cold50", { proxy }),
  );
  const off = { GOSUMDB: "off" };
  const file = await download(place, "file", {
    proxy: `file://${place.dir}/direct/modcache/cache/download`,
    env: off,
  });
  const local = await withServer(await serve("m0", GONE, []), (proxy) =>
    download(place, "local", { proxy, env: off }),
  );
  const localSum = await withServer(await serve("m0", GONE, []), (proxy) =>
    download(place, "local-sum", { proxy }),
  );
  const new0 = await withServer(await serve("n0", GONE, flags(near.endpoint, `${place.prefix}-0`)), (proxy) =>
    download(place, "new0", { proxy }),
  );
  const new50 = await withServer(
    await serve("n50", GONE, flags(far.endpoint, `${place.prefix}-50`)),
    (proxy) => download(place, "new50", { proxy }),
  );
  return { direct, cold0, cold50, file, local, localSum, new0, new50 };
}

/** An upstream without a listener. */
const GONE = "http://127.0.0.1:9";

async function withServer(server: ModServer, use: (proxy: string) => Promise<number>): Promise<number> {
  try {
    return await use(server.url);
  } finally {
    await server.stop();
  }
}

/** go's time in seconds. Verifies the downloads, and removes them, except for files that another run reads. */
async function download(
  { dir, program, go }: Place,
  name: string,
  { proxy, env = {} }: { proxy: string; env?: Record<string, string> },
): Promise<number> {
  const [cwd, modCache] = [`${dir}/${name}/module`, `${dir}/${name}/modcache`];
  mkdirSync(cwd, { recursive: true });
  cpSync(`${program}/go.mod`, `${cwd}/go.mod`);
  // With GOSUMDB go requests every sum; without, go.sum must have some.
  if (env.GOSUMDB === "off") cpSync(`${program}/go.sum`, `${cwd}/go.sum`);
  const goEnv = plainEnv({
    HOME: dir,
    GOENV: "off",
    GOTOOLCHAIN: "local",
    GOFLAGS: "-modcacherw",
    GOPATH: `${dir}/${name}/gopath`,
    GOMODCACHE: modCache,
    GOCACHE: `${dir}/${name}/gocache`,
    GOPROXY: proxy,
    ...env,
  });
  const startedMs = performance.now();
  const { exitCode, stderr } = await run([go, "mod", "download"], { cwd, env: goEnv });
  const seconds = (performance.now() - startedMs) / 1000;
  if (exitCode !== 0) throw new Error(`${name}: ${stderr}`);
  const verified = await run([go, "mod", "verify"], { cwd, env: goEnv });
  if (verified.stdout !== "all modules verified\n")
    throw new Error(`${name}: ${verified.stdout}${verified.stderr}`);
  if (name !== "direct") rmSync(modCache, { recursive: true, force: true });
  console.error(`  ${name}: ${seconds.toFixed(2)} s`);
  return seconds;
}

async function stockProxy(): Promise<string> {
  const { stdout } = await run(["go", "env", "GOPROXY"]);
  return stdout.trim().replace(/[,|](direct|off)$/, "");
}

/** The release itself: go would download another release into each empty cache. */
async function newestGo(): Promise<string> {
  const env = plainEnv({ GOTOOLCHAIN: `go${NEWEST_GO}` });
  const { stdout } = await run(["go", "env", "GOROOT"], { env, cwd: "/" });
  return `${stdout.trim()}/bin/go`;
}
