import { html, type Markup } from "../markup.ts";
import type { ScopeName } from "../report.ts";

/** Names and values, one a line. */
export function factList(facts: readonly (readonly [name: string, value: string | Markup])[]): Markup {
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** The header cell of a row about a scope. */
export function scopeCell({ project, branch, job, platform }: ScopeName): Markup {
  return html`<th scope="row"><span class="name">${project}</span> <span class="sub">${branch}, ${job}, ${platform}</span></th>`;
}
