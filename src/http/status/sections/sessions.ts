import { formatAmount, formatCount, formatRatio, formatSpan } from "../figures.ts";
import { hitRatio, totalOf } from "../look-ups.ts";
import { html, type Markup } from "../markup.ts";
import { gaugeOf, type SessionReport, type StatusReport } from "../report.ts";
import { scopeCell } from "./pieces.ts";

const MAX_ROWS = 20;

const KINDS = { link: "connect", bridge: "bridge" } as const;

export function sessionTable(report: StatusReport): Markup {
  const { sessions, nowMs, pluginAddress } = report;
  if (pluginAddress === undefined) {
    return html`<p class="empty">Off. Start the server with <code>--plugin</code> to serve go commands.</p>`;
  }
  const silent = gaugeOf(report, "sessions", "silent") ?? 0;
  const beside = silent === 0 ? "" : `${formatAmount(silent, "connection")} without a request yet.`;
  if (sessions.length === 0) return html`<p class="empty">No go command is running. ${beside}</p>`;
  return html`<table><caption class="unseen">Running go commands</caption>
<thead><tr><th scope="col">Scope</th><th scope="col">By</th><th scope="col" class="number">For</th><th scope="col" class="number">Lookups</th><th scope="col" class="number">Hits</th><th scope="col" class="number">Puts</th></tr></thead>
<tbody>${sessions.slice(0, MAX_ROWS).map((session) => row(session, nowMs))}</tbody></table>
${more(sessions.length - MAX_ROWS, beside)}`;
}

function row({ scope, kind, startedMs, lookUps, puts }: SessionReport, nowMs: number): Markup {
  return html`<tr>${scopeCell(scope)}<td>${KINDS[kind]}</td><td class="number">${formatSpan(nowMs - startedMs)}</td>
<td class="number">${formatCount(totalOf(lookUps))}</td><td class="number">${formatRatio(hitRatio(lookUps))}</td><td class="number">${formatCount(puts)}</td></tr>`;
}

function more(count: number, beside: string): Markup {
  const text = count > 0 ? `And ${formatCount(count)} more. ${beside}` : beside;
  return text === "" ? html`` : html`<p class="empty">${text}</p>`;
}
