/**
 * The pages of `--http` that describe the server itself. Every user of the machine can open them when `--http` is a port,
 * so they show counters and names, and nothing that one could act with as the server's user.
 */
import { Metrics } from "../../../http/metrics.ts";
import type { HttpMount } from "../../../http/mount.ts";
import { type PageContent, page, textPage } from "../../../http/page.ts";
import { LiveEvents } from "../../../http/status/live-events.ts";
import { html } from "../../../http/status/markup.ts";
import { PAGE_BUILD, PAGE_HEADERS, renderPage } from "../../../http/status/page.ts";
import { renderParts } from "../../../http/status/parts.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ServerState } from "../server-state.ts";
import { debugVars } from "./debug-vars.ts";
import { gauges } from "./gauges.ts";
import { StatusSource } from "./status-source.ts";

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";

/** Pages by path, and among them the events of the status page, which have to be ended. */
export interface ServerPages {
  pages: Map<string, HttpMount>;
  events: LiveEvents;
}

export function serverPages(state: ServerState): ServerPages {
  const metrics = new Metrics();
  const status = new StatusSource(state, metrics);
  const { counters, log } = state.parts;
  counters.onTime = metrics.observe;
  const events = new LiveEvents({
    render: async (query) => renderParts(await status.read(query)),
    build: PAGE_BUILD,
    onFailure: (error) => log.info(() => `status page: ${describeError(error)}`),
  });
  const pages: Record<string, HttpMount> = {
    "/": page(async (query) => {
      const body = renderPage(await status.read(query), otherPages(state));
      return { type: HTML, body, headers: PAGE_HEADERS };
    }),
    "/events": events,
    "/healthz": textPage(() => "ok"),
    "/readyz": page(() => readiness(state)),
    "/version": textPage(() => state.version),
    "/metrics": page(async () => {
      return { type: metrics.contentType, body: await metrics.text(counters.snapshot(), gauges(state)) };
    }),
    "/ca.pem": page(() => certificate(state)),
    "/debug/": page(() => ({ type: HTML, body: debugIndex(state) })),
    "/debug/vars": page(() => ({ type: JSON_TYPE, body: `${JSON.stringify(debugVars(state), null, 2)}\n` })),
  };
  return { pages: new Map(Object.entries(pages)), events };
}

function readiness({ isDraining }: ServerState): PageContent {
  return {
    status: isDraining ? 503 : 200,
    type: "text/plain; charset=utf-8",
    body: isDraining ? "draining\n" : "ready\n",
  };
}

function certificate({ forwardProxy }: ServerState): PageContent {
  const pem = forwardProxy?.caPem();
  return pem === undefined
    ? { status: 404, type: "text/plain", body: "there is no forward proxy with a certificate\n" }
    : { type: "application/x-pem-file", body: pem };
}

function otherPages({ parts }: ServerState): string[] {
  const { revproxy } = parts.config.serve;
  const pages = ["/metrics", "/healthz", "/readyz", "/version", "/debug/"];
  return revproxy.length > 0 ? [...pages, "/ca.pem"] : pages;
}

function debugIndex({ version, startedMs }: ServerState): string {
  const links = ["/debug/vars", "/metrics"];
  const uptime = Math.floor((Date.now() - startedMs) / 1000);
  const list = links.map((link) => html`<li><a href="${link}">${link}</a></li>`);
  return html`<!doctype html><html lang="en"><meta charset="utf-8"><title>debug</title><h1>debug</h1>
<p>${version}, up for ${uptime} s</p><ul>${list}</ul></html>
`.text;
}
