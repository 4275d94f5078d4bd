/** Neither the listeners of a server, nor its files, nor its command line show a secret. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { runAsOtherUser } from "../../support/other-user.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import { commandLines, contentsBelow, PROXIED_HOST, SecretStage } from "./secret-stage.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** All existing and former paths, and likely guesses. */
const PATHS = [
  "/",
  "/?range=24h",
  "/events",
  "/healthz",
  "/readyz",
  "/version",
  "/metrics",
  "/ca.pem",
  "/debug/",
  "/debug/vars",
  "/mod/",
  "/mod/example.com/a/@v/list",
  "/mod/example.com/a/@v/v1.0.0.info",
  "/mod/example.com/a/@v/v1.0.0.zip",
  "/mod/example.com/a/@latest",
  "/mod/sumdb/sum.golang.org/supported",
  "/mod/sumdb/sum.golang.org/latest",
  "/mod/sumdb/sum.golang.org/lookup/example.com/a@v1.0.0",
  "/state/revproxy-ca.pem",
  "/../state/revproxy-ca.pem",
];

const HEAP_PATHS = [
  "/debug/heap",
  "/debug/cpu?seconds=1",
  "/debug/pprof/",
  "/debug/pprof/heap",
  "/debug/pprof/profile?seconds=1",
  "/debug/pprof/cmdline",
  "/json",
];

const PROXIED = [
  `http://${PROXIED_HOST}/a`,
  `https://${PROXIED_HOST}/a`,
  "http://unknown.example.com/",
  "http://127.0.0.1:22/",
  `http://user:password@${PROXIED_HOST}/`,
];

let stage: SecretStage;
let server: PluginServer;
let caFile: string;

beforeAll(async () => {
  stage = await SecretStage.open();
  // Other users can reach the cache directory; some CI systems have umask 0.
  chmodSync(stage.dir.path, 0o755);
  server = await startPluginServer({
    cacheDir: stage.cacheDir,
    root: stage.root,
    plugin: stage.dir.join("plugin.sock"),
    flags: [
      ...stage.flags,
      "--modproxy",
      `--revproxy=${PROXIED_HOST}`,
      "--forward-connect",
      "-v",
      "--debug=7",
    ],
    env: stage.env,
    cwd: stage.dir.path,
    wrapper: ["sh", "-c", 'umask 0; exec "$0" "$@"'],
  });
  caFile = stage.addCaKey();
  await using client = await CacheprogClient.start({
    args: ["connect", server.plugin],
    env: stage.env,
    cwd: stage.dir.path,
  });
  await client.put(idOf("a"), Buffer.from("what was built"));
  await client.get(idOf("unknown"));
  await client.close();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Head and body; only the first event of an event stream, which does not end. */
async function textOf(url: string, init: RequestInit & { proxy?: string } = {}): Promise<string> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const head = `${response.status} ${JSON.stringify([...response.headers])}\n`;
  if (response.headers.get("content-type") !== "text/event-stream") return head + (await response.text());
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return head + Buffer.from(first?.value ?? []).toString();
}

test("no page of --http, nor any page that it links to, has a secret", async () => {
  const seen = new Map<string, string>();
  const waiting = [...PATHS, ...HEAP_PATHS];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = await textOf(server.http + path);
    seen.set(path, text);
    const links = [...text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
    waiting.push(...links.filter((link) => !seen.has(link) && !waiting.includes(link)));
  }
  expect([...seen].flatMap(([path, text]) => stage.leaksOf(text).map((leak) => `${path}: ${leak}`))).toEqual(
    [],
  );
  expect(HEAP_PATHS.filter((path) => !seen.get(path)?.startsWith("404 "))).toEqual([]);
  // The awaited state is reached.
  expect(seen.get("/mod/example.com/a/@v/v1.0.0.info")).toContain("upstream does not answer");
  expect(seen.get("/")).toContain("git.example.com/team/app");
});

test("no answer of the forward proxy has a secret", async () => {
  for (const url of PROXIED) {
    const init = { proxy: server.http, tls: { rejectUnauthorized: false } };
    const text = await textOf(url, init).catch(String);
    expect([url, stage.leaksOf(text)]).toEqual([url, []]);
  }
});

describe("another user of the machine", () => {
  test("gets neither a secret nor a heap snapshot from any page", async () => {
    const paths = [...PATHS, ...HEAP_PATHS].filter((path) => path !== "/events");
    const urls = paths.map((path) => server.http + path);
    const { stdout, exitCode } = await runAsOtherUser(["curl", "-s", "-i", "--path-as-is", ...urls]);
    expect(exitCode).toBe(0);
    expect(["go_cache_plugin_", '"snapshot":'].map((text) => stdout.includes(text))).toEqual([true, false]);
    expect(stage.leaksOf(stdout)).toEqual([]);
  });

  test("has access to neither the socket nor the cache directory", async () => {
    const socket = await runAsOtherUser(["curl", "-s", "--unix-socket", server.plugin, "http://localhost/"]);
    expect([socket.exitCode, socket.stdout]).toEqual([7, ""]);
    const listing = await runAsOtherUser(["ls", stage.root]);
    expect([listing.exitCode, listing.stdout]).toEqual([2, ""]);
  });
});

test("only the authority's file in the cache directory has a secret, and no command line has one", () => {
  expect(statSync(stage.root).mode & 0o777).toBe(0o700);
  expect(statSync(caFile).mode & 0o777).toBe(0o600);
  const files = contentsBelow(stage.cacheDir).filter(({ path }) => path !== caFile);
  expect(files.length).toBeGreaterThan(3);
  expect(stage.leaksOfFiles(files)).toEqual([]);
  const lines = commandLines();
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.flatMap((line) => stage.leaksOf(line))).toEqual([]);
});

test("a server prints no secret with all logs on", async () => {
  const { stdout, stderr } = await server.stop();
  expect(["rp B U:", "mod GET", "InvalidToken"].map((text) => stderr.includes(text))).toEqual([
    true,
    true,
    true,
  ]);
  expect(stage.leaksOf(stdout + stderr)).toEqual([]);
});
