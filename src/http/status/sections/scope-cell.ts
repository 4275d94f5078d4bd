import { html, type Markup } from "../markup.ts";
import type { ScopeName } from "../report.ts";

/** The head of a row about what belongs to a scope. */
export function scopeCell({ project, branch, job, platform }: ScopeName): Markup {
  return html`<th scope="row"><span class="name">${project}</span> <span class="sub">${branch}, ${job}, ${platform}</span></th>`;
}
