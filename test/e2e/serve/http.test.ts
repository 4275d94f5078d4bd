/** A server's pages over HTTP. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { s3Flags } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { eventually } from "../../support/eventually.ts";
import { idOf } from "../../support/ids.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv } from "../../support/process.ts";
import { parseMetrics } from "../../support/prometheus.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let s3: S3Server;
let dir: TempDir;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());
beforeEach(() => {
  dir = tempDir("http");
});
afterEach(() => dir[Symbol.dispose]());

const BODY = Buffer.from("what was built");
const ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

function serve(machine: string, flags: string[] = []): Promise<PluginServer> {
  const all = [...s3Flags(s3, { layout: "packed" }), ...flags];
  return startPluginServer({ cacheDir: dir.join(machine), flags: all, env: s3.env, cwd: dir.path });
}

async function session(
  server: PluginServer,
  work: (client: CacheprogClient) => Promise<unknown>,
): Promise<void> {
  const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
  await using client = await CacheprogClient.start({ args: ["connect", server.plugin], env, cwd: dir.path });
  await work(client);
  await client.close();
  await client.ended();
}

async function metricsOf({ http }: PluginServer): Promise<Record<string, number>> {
  return await parseMetrics(await (await fetch(`${http}/metrics`)).text());
}

/** The increase of each counter that has grown. */
function growth(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const grown = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return Object.fromEntries(
    grown.filter(([name, value]) => value !== 0 && name.startsWith("go_cache_plugin_")),
  );
}

const P = "go_cache_plugin_";

/** An event, and its effect on counters. */
const STEPS: [
  what: string,
  work: (client: CacheprogClient) => Promise<unknown>,
  moved: Record<string, number>,
][] = [
  [
    "a lookup of an unknown action",
    (client) => client.get(idOf("unknown")),
    { gets: 1, 'misses{source="local"}': 1, 'misses{source="remote"}': 1 },
  ],
  ["a put", (client) => client.put(idOf("a"), BODY), { puts: 1, put_bytes: BODY.length }],
  ["a lookup of a local entry", (client) => client.get(idOf("a")), { gets: 1, 'hits{source="local"}': 1 }],
];

test("each counter counts what its name says", async () => {
  await using server = await serve("first");
  for (const [what, work, moved] of STEPS) {
    const before = await metricsOf(server);
    await session(server, work);
    const names: Record<string, string> = { gets: "get", puts: "put" };
    const expected = Object.entries({ ...moved, sessions: 1, sessions_link: 1 }).map(([name, value]) => {
      const [plain = "", labels = ""] = name.split(/(?=\{)/);
      return [`${P}${names[plain] ?? plain}_total${labels}`, value];
    });
    expect({ what, moved: growth(before, await metricsOf(server)) }).toMatchObject({
      what,
      moved: Object.fromEntries(expected),
    });
  }
  const stored = await eventually("a pack, a segment and a record are written", async () => {
    const now = await metricsOf(server);
    return (now[`${P}s3_answers_total{operation="put",status="200"}`] ?? 0) >= 3 && now;
  });
  expect(stored[`${P}packs_written_total`]).toBe(1);
  expect(stored[`${P}s3_bytes_total{direction="sent"}`]).toBeGreaterThan(BODY.length);
  expect(stored[`${P}seconds{operation="s3_put"}`]).toBeGreaterThanOrEqual(3);
  await server.stop();

  await using second = await serve("second");
  await session(second, (client) => client.get(idOf("a")));
  const found = await metricsOf(second);
  expect(found).toMatchObject({
    [`${P}hits_total{source="remote"}`]: 1,
    [`${P}misses_total{source="local"}`]: 1,
    [`${P}seconds{operation="get_remote_hit"}`]: 1,
    [`${P}breaker_open{side="reads"}`]: 0,
    [`${P}draining`]: 0,
    [`${P}scopes`]: 1,
  });
  expect(found[`${P}disk_free_bytes`]).toBeGreaterThan(0);
  expect(found.process_open_fds).toBeGreaterThan(3);
  const vars = await (await fetch(`${second.http}/debug/vars`)).json();
  expect(vars).toMatchObject({
    gocache_server: { get_requests: 1, get_hits: 1, put_requests: 0, put_bytes: 0 },
    gocache_host: { get_local_hit: 0, get_local_miss: 1, get_fault_hit: 1, get_fault_miss: 0 },
    modcache: {},
    revcache: {},
    proxyconn: {},
    sessions: { silent: 0, bridge: 0, link: 0 },
  });
});

test("a session is counted while it lives", async () => {
  await using server = await serve("live");
  const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
  await using client = await CacheprogClient.start({ args: ["connect", server.plugin], env, cwd: dir.path });
  let requested = 0;
  let counted: number | undefined;
  while (counted === undefined) {
    await client.get(idOf(`unknown ${requested++}`));
    counted = (await metricsOf(server))[`${P}misses_total{source="remote"}`];
  }
  expect(counted).toBeLessThanOrEqual(requested);
  await client.close();
  await client.ended();
  expect(await metricsOf(server)).toMatchObject({
    [`${P}get_total`]: requested,
    [`${P}misses_total{source="remote"}`]: requested,
    [`${P}sessions_link_total`]: 1,
  });
});

test.each(["packed", "split"])(
  "a bucket that does not answer shows as an open breaker, %s",
  async (layout) => {
    await using server = await serve("lonely", [
      "--s3-endpoint-url=http://127.0.0.1:1",
      `--layout=${layout}`,
    ]);
    await session(server, async (client) => {
      for (const name of ["a", "b", "c", "d"]) await client.get(idOf(name));
    });
    expect(await metricsOf(server)).toMatchObject({ [`${P}breaker_open{side="reads"}`]: 1 });
  },
);

test("entries that are not in the bucket yet are counted", async () => {
  await using server = await serve("lonely", ["--s3-endpoint-url=http://127.0.0.1:1"]);
  await session(server, async (client) => {
    for (const name of ["a", "b"]) await client.put(idOf(name), BODY);
  });
  expect(await metricsOf(server)).toMatchObject({ [`${P}upload_queue{part="builds"}`]: 2 });
});

test("the other pages", async () => {
  await using server = await serve("pages", ["-v", "--log-format=json"]);
  const text = async (path: string) => await (await fetch(`${server.http}${path}`)).text();
  expect([await text("/healthz"), await text("/readyz")]).toEqual(["ok\n", "ready\n"]);
  expect(await text("/version")).toMatch(/^go-cache-plugin \d+\.\d+\.\d+ \(commit /);
  expect(await text("/")).toContain('<a href="/metrics">');
  expect(await text("/debug/")).toContain('<a href="/debug/vars">');
  for (const profile of ["/debug/heap", "/debug/cpu", "/debug/pprof/heap"])
    expect([profile, (await fetch(`${server.http}${profile}`)).status]).toEqual([profile, 404]);
  const { stderr } = await server.stop();
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ level }) => level)).toContain("info");
  expect(stderr).not.toContain(s3.secretAccessKey);
});

test("--modproxy and --revproxy need --http, and say what this version lacks", async () => {
  await using server = await serve("plain");
  expect((await fetch(`${server.http}/mod/example.com/@v/list`)).status).toBe(404);
  expect((await fetch(`${server.http}/ca.pem`)).status).toBe(404);
});
