/**
 * `npm run screenshots`: pictures of the status page for docs/serve.md, of a server that real go commands use: at its
 * start, at work, and when its bucket fails; light and dark, on a desktop and on a phone. All are in
 * `dist/screenshots`, the upper part of those at work in `docs/images`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { binaryPath, PROJECT_DIR, s3Flags } from "../support/binary.ts";
import { openPage, startBrowser } from "../support/browser.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { type GoMachine, go, machineGoEnv, NEWEST_GO, startGo } from "../support/go-toolchain.ts";
import { installPackages } from "../support/install-clients.ts";
import { type PluginServer, startPluginServer } from "../support/plugin-server.ts";
import { startS3Server } from "../support/s3-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { edit, makeProject } from "./projects.ts";

const OUT_DIR = join(PROJECT_DIR, "dist/screenshots");
const DOCS_DIR = join(PROJECT_DIR, "docs/images");
/** The scene and form that docs/serve.md shows. */
const DOCS_SHOT = "load-desktop";

const SCHEMES = ["light", "dark"] as const;
const VIEWPORTS = { desktop: { width: 1180, height: 1090 }, phone: { width: 390, height: 844 } };
/** The latency of the S3 server, as in the same region. */
const LATENCY_MS = 15;
/** A small module with dependencies. */
const MODULE = "rsc.io/quote@v1.5.2";
/** How long the server works before its picture: the chart shows five minutes. */
const WORK_MS = 170_000;
/** The pause between two rounds of go commands. */
const PAUSE_MS = 8_000;

async function main(): Promise<void> {
  // Without it the pictures depend on the fonts of the machine.
  await installPackages(["fonts-inter"]);
  for (const dir of [OUT_DIR, DOCS_DIR]) mkdirSync(dir, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("screenshots"));
  const s3 = stack.use(await startS3Server({ bucket: "builds" }));
  const line = stack.use(await FaultProxy.start({ target: s3.endpoint, latencyMs: LATENCY_MS }));
  const browser = await startBrowser();
  stack.defer(() => browser.close());
  const [shop, till, patience, vault] = [
    await makeProject(dir.path, "shop"),
    await makeProject(dir.path, "till"),
    await makeProject(dir.path, "patience"),
    await makeProject(dir.path, "vault"),
  ];
  const env = { ...(await machineGoEnv()), ...s3.env };
  const flags = [...s3Flags({ ...s3, endpoint: line.endpoint }, { layout: "packed" }), "--modproxy"];
  const serve = (machine: string) =>
    startPluginServer({ cacheDir: dir.join(machine, "cache"), flags, env, cwd: shop });

  console.log("another machine fills the bucket");
  await using other = await serve("other");
  await build(machineOf(dir, "other", other), shop);
  await build(machineOf(dir, "other", other), till);
  await fetchModules(dir, "other", other);
  await other.stop();

  await using server = await serve("own");
  const machine = machineOf(dir, "own", server);
  await shoot(browser, server, "start");
  console.log("the server at work");
  const untilMs = performance.now() + WORK_MS;
  await fetchModules(dir, "own", server);
  for (let round = 1; performance.now() < untilMs; round++) {
    await build(machine, shop);
    await build(machine, till);
    edit(shop, "cart", `round ${round}`);
    await Bun.sleep(PAUSE_MS);
  }
  const missed = await misses(server);
  await using building = await startGo(machine, ["build", "./..."], { cwd: patience });
  while ((await misses(server)) === missed) await Bun.sleep(100);
  await shoot(browser, server, "load");
  const { exitCode, stderr } = await building.outcome;
  if (exitCode !== 0) throw new Error(`go build: ${stderr}`);

  console.log("the bucket is gone");
  await s3.kill();
  await build(machine, vault);
  await shoot(browser, server, "down");
  await shoot(browser, server, "ended", () => server.stop());
}

function machineOf(dir: TempDir, name: string, { plugin }: PluginServer): GoMachine {
  const gocache = dir.join(name, "gocache");
  return { release: NEWEST_GO, gocache, cacheprog: `${binaryPath()} connect ${plugin}` };
}

async function build(machine: GoMachine, project: string): Promise<void> {
  const { exitCode, stderr } = await go(machine, ["build", "./..."], { cwd: project });
  if (exitCode !== 0) throw new Error(`go build: ${stderr}`);
}

/** Through the server's module proxy. */
async function fetchModules(dir: TempDir, name: string, { http }: PluginServer): Promise<void> {
  const env = { GOPROXY: `${http}/mod`, GOMODCACHE: dir.join(name, "modules"), GOFLAGS: "-modcacherw" };
  const machine = { release: NEWEST_GO, gocache: dir.join(name, "own-gocache"), env };
  const { exitCode, stdout } = await go(machine, ["mod", "download", "-json", MODULE], { cwd: dir.path });
  if (exitCode !== 0) throw new Error(`go mod download: ${stdout}`);
}

/** The server's count of misses so far. */
async function misses({ http }: PluginServer): Promise<number> {
  const vars = (await (await fetch(`${http}/debug/vars`)).json()) as { counters: Record<string, number> };
  return vars.counters.get_remote_miss ?? 0;
}

/** `afterwards`: runs once the pages are open, and stops their updates. */
async function shoot(
  browser: Browser,
  { http }: PluginServer,
  scene: string,
  afterwards?: () => Promise<unknown>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const open: { name: string; colorScheme: string; page: Page }[] = [];
  for (const [form, viewport] of Object.entries(VIEWPORTS)) {
    for (const colorScheme of SCHEMES) {
      const { page, troubles } = stack.use(await openPage(browser, http, { viewport, colorScheme }));
      await page.locator('#connection[data-state="live"]').waitFor();
      if (troubles.length > 0) throw new Error(`the page has errors: ${troubles.join("; ")}`);
      open.push({ name: `${scene}-${form}`, colorScheme, page });
    }
  }
  await afterwards?.();
  for (const { name, colorScheme, page } of open) {
    if (afterwards !== undefined) await page.locator('#connection[data-state="old"]').waitFor();
    const path = join(OUT_DIR, `${name}-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: true });
    console.log(path);
    // The height of a window.
    if (name === DOCS_SHOT) await page.screenshot({ path: join(DOCS_DIR, `status-${colorScheme}.png`) });
  }
}

await main();
