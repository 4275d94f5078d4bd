/** The pages of `--http` that tell of the server itself. */
import { Metrics } from "../../http/metrics.ts";
import type { HttpMount } from "../../http/mount.ts";
import { localPage, page, textPage } from "../../http/page.ts";
import { debugVars } from "./debug-vars.ts";
import { gauges } from "./gauges.ts";
import { cpuProfile, heapSnapshot } from "./profiles.ts";
import type { ServerState } from "./server-state.ts";

const DEFAULT_PROFILE_SECONDS = 10;
const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";

/** By path. `caPem`: the certificate of the forward proxy, if it has one. */
export function serverPages(state: ServerState, caPem: () => string | undefined): Map<string, HttpMount> {
  const metrics = new Metrics();
  const { counters } = state.parts;
  counters.onTime = metrics.observe;
  const debug: [string, HttpMount][] = [
    ["/debug/", page(() => ({ type: HTML, body: debugIndex(state) }))],
    [
      "/debug/vars",
      page(() => ({ type: JSON_TYPE, body: `${JSON.stringify(debugVars(state), null, 2)}\n` })),
    ],
    ["/debug/heap", page(() => ({ type: JSON_TYPE, body: heapSnapshot() }))],
    [
      "/debug/cpu",
      page(async (query) => {
        const seconds = Number(query.get("seconds") ?? DEFAULT_PROFILE_SECONDS) || DEFAULT_PROFILE_SECONDS;
        return { type: JSON_TYPE, body: await cpuProfile(seconds) };
      }),
    ],
  ];
  return new Map<string, HttpMount>([
    ["/", page(() => ({ type: HTML, body: frontPage(state) }))],
    ["/healthz", textPage(() => "ok")],
    [
      "/readyz",
      page(() => ({
        status: state.isDraining ? 503 : 200,
        type: "text/plain; charset=utf-8",
        body: state.isDraining ? "draining\n" : "ready\n",
      })),
    ],
    ["/version", textPage(() => state.version)],
    [
      "/metrics",
      page(async () => ({
        type: metrics.contentType,
        body: await metrics.text(counters.snapshot(), gauges(state)),
      })),
    ],
    [
      "/ca.pem",
      page(() => {
        const pem = caPem();
        return pem === undefined
          ? { status: 404, type: "text/plain", body: "there is no forward proxy with a certificate\n" }
          : { type: "application/x-pem-file", body: pem };
      }),
    ],
    ...debug.map(([path, mount]) => [path, localPage(mount)] as const),
  ]);
}

function frontPage({ version, parts }: ServerState): string {
  const { modproxy } = parts.config.serve;
  const links = ["/healthz", "/readyz", "/version", "/metrics", "/debug/", ...(modproxy ? ["/mod/"] : [])];
  return html("go-cache-plugin", `<p>${escapeHtml(version)}</p>${list(links)}`);
}

function debugIndex({ version, startedMs }: ServerState): string {
  const links = ["/debug/vars", "/debug/heap", "/debug/cpu?seconds=10", "/metrics"];
  const uptime = Math.floor((Date.now() - startedMs) / 1000);
  return html("debug", `<p>${escapeHtml(version)}, up for ${uptime} s</p>${list(links)}`);
}

function list(links: string[]): string {
  return `<ul>${links.map((link) => `<li><a href="${link}">${link}</a></li>`).join("")}</ul>`;
}

function html(title: string, body: string): string {
  return `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
