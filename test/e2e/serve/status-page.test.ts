/** The status page of a real server in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page, Route } from "playwright-core";
import { s3Flags } from "../../support/binary.ts";
import { openPage, seriousFindings, startBrowser } from "../../support/browser.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { freePort } from "../../support/free-port.ts";
import { idOf } from "../../support/ids.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let s3: S3Server;
let browser: Browser;
let dir: TempDir;

beforeAll(async () => {
  s3 = await startS3Server();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await s3[Symbol.asyncDispose]();
});
beforeEach(() => {
  dir = tempDir("status");
});
afterEach(() => dir[Symbol.dispose]());

const BODY = Buffer.from("what was built");
const NO_BUCKET = ["--s3-endpoint-url=http://127.0.0.1:1"];
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 900 };

function serve(flags: string[] = [], http?: string): Promise<PluginServer> {
  const all = [...s3Flags(s3, { layout: "packed" }), "--modproxy", "--revproxy=files.example.org", ...flags];
  const where = http === undefined ? {} : { http };
  return startPluginServer({ cacheDir: dir.join("cache"), flags: all, env: s3.env, cwd: dir.path, ...where });
}

function session(server: PluginServer, project = "example.com/shop"): Promise<CacheprogClient> {
  const env = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4", GOCACHE: dir.join("gocache") };
  const args = ["connect", server.plugin, `--project=${project}`];
  return CacheprogClient.start({ args, env: plainEnv(env), cwd: dir.path });
}

async function waitForText(page: Page, part: string, text: string | RegExp): Promise<void> {
  await page.locator(part).filter({ hasText: text }).waitFor();
}

test("without scripts it is complete, with the numbers of /metrics", async () => {
  await using server = await serve();
  await using client = await session(server);
  await client.put(idOf("a"), BODY);
  for (const name of ["a", "a", "a", "unknown"]) await client.get(idOf(name));
  await client.close();
  await client.ended();
  await using opened = await openPage(browser, server.http, { javaScriptEnabled: false });
  const { page, troubles } = opened;
  expect(await page.locator("#figures").textContent()).toContain("75.0\u202f%3 of 4");
  expect(await page.locator("#connection").textContent()).toMatch(/^As of \d\d:\d\d:\d\d UTC\. Load again/);
  expect(await page.locator("section h2").allTextContents()).toEqual([
    "Lookups",
    "Live sessions",
    "Bucket",
    "Scopes in memory",
    "Waiting times",
    "Disk and process",
    "Module cache",
    "Download cache",
  ]);
  const metrics = await (await fetch(`${server.http}/metrics`)).text();
  expect(metrics).toContain('go_cache_plugin_hits_total{source="local"} 3\n');
  expect(await page.locator("#scopes").textContent()).toContain("example.com/shop");
  expect(troubles).toEqual([]);
});

test("a session is shown while it runs, and opened details stay open", async () => {
  await using server = await serve();
  await using opened = await openPage(browser, server.http);
  const { page, troubles } = opened;
  await waitForText(page, "#connection", "Live");
  await waitForText(page, "#sessions", "No go command is running.");
  await page.getByText("As a table").click();
  await using client = await session(server, `example.com/<img src="http://evil.example.com/">`);
  await client.get(idOf("unknown"));
  await waitForText(page, "#sessions", `example.com/<img src="http://evil.example.com/">`);
  await client.close();
  await client.ended();
  await waitForText(page, "#sessions", "No go command is running.");
  await waitForText(page, "#figures", "0 of 1");
  await page.locator("#look-ups details[open] tbody tr").waitFor();
  await waitForText(page, "#state", "Serving go commands");
  expect(troubles).toEqual([]);
});

test("a bucket that does not answer is shown, with the reason", async () => {
  await using server = await serve(NO_BUCKET);
  await using opened = await openPage(browser, server.http);
  await using client = await session(server);
  for (const name of ["a", "b", "c", "d"]) await client.get(idOf(name));
  const { page, troubles } = opened;
  await waitForText(page, "#state", `The bucket ${s3.bucket} does not answer. Builds continue without it`);
  await waitForText(page, "#state", "connection refused");
  await waitForText(page, "#bucket", /Reads\s*suspended\s*probed again in/);
  expect(await seriousFindings(page)).toEqual([]);
  expect(troubles).toEqual([]);
});

test("when a server ends and restarts, the numbers are marked as old, then updated", async () => {
  const http = `127.0.0.1:${await freePort()}`;
  const first = await serve([], http);
  await using opened = await openPage(browser, first.http);
  const { page } = opened;
  await waitForText(page, "#connection", "Live");
  await waitForText(page, "#state", `process ${first.pid}`);
  expect((await first.stop()).exitCode).toBe(0);
  await waitForText(page, "#connection", /^No answer from the server since \d+:\d\d/);
  expect(await seriousFindings(page)).toEqual([]);
  await using second = await serve([], http);
  await waitForText(page, "#connection", "Live");
  await waitForText(page, "#state", `process ${second.pid}`);
});

test("a page of another build reloads", async () => {
  await using server = await serve();
  await using opened = await openPage(browser, server.http);
  const { page } = opened;
  const makeOld = async (route: Route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/data-build="\w+"/, 'data-build="old"');
    await route.fulfill({ response, body });
  };
  await page.route("**/", makeOld, { times: 1 });
  await page.reload();
  await page.locator('html:not([data-build="old"])').waitFor();
  await waitForText(page, "#connection", "Live");
});

test("a hidden page sends no requests", async () => {
  await using server = await serve();
  await using opened = await openPage(browser, server.http);
  const { page } = opened;
  await waitForText(page, "#connection", "Live");
  const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/events"));
  await hide(page, true);
  await ended;
  const again = page.waitForRequest((request) => request.url().endsWith("/events"));
  await hide(page, false);
  await again;
});

/** Hides the page, as another tab does. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}

test("axe finds nothing serious on a desktop and a phone, light and dark, and the page fits the width", async () => {
  await using server = await serve();
  await using client = await session(server);
  await client.put(idOf("a"), BODY);
  for (const name of ["a", "unknown"]) await client.get(idOf(name));
  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [DESKTOP, PHONE]) {
      await using opened = await openPage(browser, server.http, { colorScheme, viewport });
      const { page, troubles } = opened;
      await waitForText(page, "#sessions", "example.com/shop");
      await page.getByText("As a table").click();
      const found = await seriousFindings(page);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect({ colorScheme, found, width, troubles }).toEqual({
        colorScheme,
        found: [],
        width: viewport.width,
        troubles: [],
      });
    }
  }
});

test("the keyboard reaches every control, and the focus is visible", async () => {
  await using server = await serve();
  await using opened = await openPage(browser, server.http);
  const { page } = opened;
  const reached: string[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const at = page.locator(":focus-visible");
    if ((await at.count()) === 0) break;
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    reached.push((await at.textContent()) ?? "");
  }
  const pages = ["/metrics", "/healthz", "/readyz", "/version", "/debug/", "/ca.pem"];
  expect(reached).toEqual(["5 minutes", "1 hour", "24 hours", "As a table", ...pages]);
  await page.getByText("As a table").focus();
  await page.keyboard.press("Enter");
  await waitForText(page, "#look-ups", "No lookup in the last 5 minutes.");
  await page.getByRole("link", { name: "24 hours" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/?range=24h");
  await waitForText(page, "#connection", "Live");
  expect(await page.locator('[aria-current="true"]').textContent()).toBe("24 hours");
});

test("its content security policy allows only its own resources", async () => {
  await using server = await serve();
  const { headers } = await fetch(server.http);
  expect(headers.get("content-security-policy")).toMatch(
    /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; connect-src 'self'; img-src data:; /,
  );
  const foreign = [
    { host: "evil.example.com" },
    { origin: "https://evil.example.com" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const path of ["/", "/events"]) {
    for (const wrong of foreign)
      expect((await fetch(server.http + path, { headers: wrong })).status).toBe(403);
  }
});

test("a server with an open page ends at once, and the page says so", async () => {
  await using server = await serve();
  const response = await fetch(`${server.http}/events`);
  const [outcome, events] = await Promise.all([server.stop(), response.text()]);
  expect(outcome.exitCode).toBe(0);
  expect(events.split("\n\n").at(-2)).toContain("The server is shutting down.");
});
