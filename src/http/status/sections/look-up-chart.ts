/** Hit ratio and number of lookups over time, as SVG that stretches with the page. */
import { formatCount, formatRatio, formatSpan } from "../figures.ts";
import { HISTORY_RANGES, type HistoryRange } from "../look-up-history.ts";
import { addLookUps, hitRatio, type LookUps, totalOf } from "../look-ups.ts";
import { html, Markup } from "../markup.ts";
import type { StatusReport } from "../report.ts";

/** The view box. Labels are outside of it: they must not be stretched. */
const [WIDTH, HEIGHT] = [600, 100];
/** The part of a step that its column takes. */
const COLUMN_PART = 0.76;

/** The layers of a column from the bottom up, with their labels. */
const LAYERS = [
  ["local", "on the disk"],
  ["remote", "in the bucket"],
  ["missed", "nowhere"],
] as const;

export function lookUpChart({ history: { range, steps } }: StatusReport): Markup {
  const sum = steps.reduce(addLookUps);
  const most = Math.max(1, ...steps.map(totalOf));
  return html`<nav class="ranges" aria-label="Time shown">${HISTORY_RANGES.map((one) => rangeLink(one, one.name === range.name))}</nav>
<div class="charts">
<p class="chart-name">Hit ratio</p>
<div class="scale" aria-hidden="true"><span>100</span><span>50</span><span>0 %</span></div>
${ratioDrawing(steps, `Hit ratio over the last ${range.label}: ${describe(sum)}.`)}
<p class="chart-name">Lookups found</p>
<div class="scale" aria-hidden="true"><span>${formatCount(most)}</span><span>0</span></div>
${columnDrawing(steps, most, range, `Lookups in steps of ${formatSpan(range.stepMs)}, at most ${formatCount(most)} in one.`)}
<div class="time-axis" aria-hidden="true"><span>${range.label} ago</span><span>now</span></div>
</div>
<ul class="legend">${LAYERS.map(([name, label]) => html`<li class="key-${name}">${label} <b>${formatCount(sum[name])}</b></li>`)}</ul>
<details><summary>As a table</summary>${stepTable(range, steps)}</details>`;
}

function rangeLink({ name, label }: HistoryRange, isShown: boolean): Markup {
  const current = isShown ? new Markup(' aria-current="true"') : undefined;
  return html`<a href="/?range=${name}"${current}>${label}</a>`;
}

function describe(sum: LookUps): string {
  return totalOf(sum) === 0 ? "no lookups" : `${formatRatio(hitRatio(sum))} in all`;
}

/** A horizontal line for each step, with gaps for steps without lookups. */
function ratioDrawing(steps: LookUps[], label: string): Markup {
  const width = WIDTH / steps.length;
  const ratios = steps.map(hitRatio);
  const line = ratios.map((ratio, index) => {
    if (ratio === undefined) return "";
    const y = round(HEIGHT * (1 - ratio));
    const start = ratios[index - 1] === undefined ? `M${round(index * width)} ${y}` : `V${y}`;
    return `${start}H${round((index + 1) * width)}`;
  });
  return html`<svg class="chart ratio" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
<path class="grid" d="M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}"/>
<path class="line" d="${line.join("")}"/></svg>`;
}

function columnDrawing(steps: LookUps[], most: number, range: HistoryRange, label: string): Markup {
  const columns = steps.map((step, index) => column(step, { index, steps: steps.length, most, range }));
  return html`<svg class="chart columns" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
<path class="grid" d="M0 0H${WIDTH}M0 ${HEIGHT}H${WIDTH}"/>${columns}</svg>`;
}

function column(
  step: LookUps,
  { index, steps, most, range }: { index: number; steps: number; most: number; range: HistoryRange },
): Markup {
  if (totalOf(step) === 0) return html``;
  const width = WIDTH / steps;
  const [x, columnWidth] = [round((index + (1 - COLUMN_PART) / 2) * width), round(width * COLUMN_PART)];
  let y = HEIGHT;
  const layers = LAYERS.map(([name]) => {
    const height = (HEIGHT * step[name]) / most;
    y -= height;
    return html`<rect class="fill-${name}" x="${x}" y="${round(y)}" width="${columnWidth}" height="${round(height)}"/>`;
  });
  return html`<g><title>${ago(range, steps - 1 - index)}: ${sentence(step)}</title>${layers}</g>`;
}

function stepTable(range: HistoryRange, steps: LookUps[]): Markup {
  const rows = steps.map((step, index) => ({ step, when: ago(range, steps.length - 1 - index) }));
  const filled = rows.filter(({ step }) => totalOf(step) > 0).toReversed();
  if (filled.length === 0) return html`<p class="empty">No lookup in the last ${range.label}.</p>`;
  return html`<table><caption class="unseen">Lookups of the last ${range.label}</caption>
<thead><tr><th scope="col">When</th>${LAYERS.map(([, label]) => html`<th scope="col" class="number">${label}</th>`)}<th scope="col" class="number">Hit ratio</th></tr></thead>
<tbody>${filled.map(({ step, when }) => html`<tr><th scope="row">${when}</th>${LAYERS.map(([name]) => html`<td class="number">${formatCount(step[name])}</td>`)}<td class="number">${formatRatio(hitRatio(step))}</td></tr>`)}</tbody></table>`;
}

function ago({ stepMs }: HistoryRange, steps: number): string {
  return steps === 0 ? "now" : `${formatSpan(steps * stepMs)} ago`;
}

function sentence(step: LookUps): string {
  return LAYERS.map(([name, label]) => `${formatCount(step[name])} ${label}`).join(", ");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
