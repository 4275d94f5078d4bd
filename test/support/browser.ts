/** A real Chromium without a window, Debian's own. */
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Starts one. Rejects when this machine has none: no test is skipped. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = Bun.which("chromium");
  if (executablePath === null) {
    throw new Error('tests of the status page need "chromium"; bun test/support/prepare.ts installs it');
  }
  return await chromium.launch({ executablePath });
}

/** A page and its errors: messages of the console, errors of scripts, requests to other origins. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  troubles: string[];
}

/** Opens `url` in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && origin !== new URL(url).origin) troubles.push(`requests ${request.url()}`);
  });
  await page.goto(url);
  return { page, troubles, [Symbol.asyncDispose]: () => context.close() };
}

/** The accessibility problems that axe finds in the page, one per line. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated: the page's policy would refuse an added script.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}
