import { formatCount, formatSpan } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import type { ScopeReport, StatusReport } from "../report.ts";
import { scopeCell } from "./pieces.ts";

const MAX_ROWS = 20;

export function scopeTable({ scopes }: StatusReport): Markup {
  if (scopes.length === 0) return html`<p class="empty">No project's index is in memory.</p>`;
  const shown = scopes.toSorted((a, b) => a.idleMs - b.idleMs).slice(0, MAX_ROWS);
  const rest = scopes.length - shown.length;
  return html`<table><caption class="unseen">Projects with an index in memory</caption>
<thead><tr><th scope="col">Scope</th><th scope="col" class="number">Sessions</th><th scope="col" class="number">To upload</th><th scope="col" class="number">Last used</th></tr></thead>
<tbody>${shown.map(row)}</tbody></table>
${rest > 0 ? html`<p class="empty">And ${formatCount(rest)} more.</p>` : undefined}`;
}

function row({ scope, sessions, idleMs, waiting }: ScopeReport): Markup {
  const lastUsed = sessions > 0 || idleMs < 1000 ? "now" : `${formatSpan(idleMs)} ago`;
  return html`<tr>${scopeCell(scope)}<td class="number">${formatCount(sessions)}</td><td class="number">${formatCount(waiting)}</td><td class="number">${lastUsed}</td></tr>`;
}
