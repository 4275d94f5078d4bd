/** The status page: complete without its script, which keeps it up to date. It loads nothing from other servers. */
import { scriptText, styleText } from "./assets.ts" with { type: "macro" };
import { formatTime } from "./figures.ts";
import { html, Markup } from "./markup.ts";
import { PARTS, renderParts } from "./parts.ts";
import type { StatusReport } from "./report.ts";

const STYLE: string = styleText();
const SCRIPT: string = scriptText();

/** A hash of style and script: an open page of another build reloads itself. */
export const PAGE_BUILD: string = Bun.hash(STYLE + SCRIPT).toString(36);

/** The logo, also the favicon. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f6feb"/><path d="M8 10h16M8 16h16M8 22h9" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>';

/** The page may use its own style and script, and connect to this server. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${hashSource(STYLE)}`,
    `script-src ${hashSource(SCRIPT)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** `links`: the server's other pages. */
export function renderPage(report: StatusReport, links: readonly string[]): string {
  const contents = renderParts(report);
  const parts = PARTS.map(({ id, title }) => partFrame(id, title, contents.get(id) ?? ""));
  const icon = `data:image/svg+xml,${encodeURIComponent(ICON)}`;
  return html`<!doctype html>
<html lang="en" data-build="${PAGE_BUILD}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>go-cache-plugin on ${report.host}</title>
<link rel="icon" href="${icon}">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${new Markup(ICON.replace("<svg ", '<svg aria-hidden="true" width="28" height="28" '))} go-cache-plugin</h1>
<p id="connection" role="status" data-state="snapshot">As of ${formatTime(report.nowMs)}. Load again for newer numbers.</p>
</header>
<main>
${parts}
</main>
<footer>
<nav aria-label="Other pages"><ul>${links.map((link) => html`<li><a href="${link}">${link}</a></li>`)}</ul></nav>
</footer>
<script type="module">${new Markup(SCRIPT)}</script>
</body>
</html>
`.text;
}

function partFrame(id: string, title: string | undefined, content: string): Markup {
  const body = html`<div class="part" id="${id}">${new Markup(content)}</div>`;
  if (title === undefined) return body;
  return html`<section class="of-${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

function hashSource(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}
