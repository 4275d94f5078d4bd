import { expect, test } from "bun:test";
import type { HistoryRange } from "../../../../src/http/status/look-up-history.ts";
import type { LookUps } from "../../../../src/http/status/look-ups.ts";
import { lookUpChart } from "../../../../src/http/status/sections/look-up-chart.ts";
import { reportOf, textOf } from "../report-fixture.ts";

const RANGE: HistoryRange = { name: "1h", label: "1 hour", stepMs: 60_000, steps: 4 };
const NONE: LookUps = { local: 0, remote: 0, missed: 0 };

function chartOf(steps: LookUps[]): string {
  return lookUpChart(reportOf({ history: { range: RANGE, steps } })).text;
}

test("the line is level in each step, with gaps for steps without lookups", () => {
  const text = chartOf([
    { ...NONE, local: 1 },
    { ...NONE, missed: 1 },
    NONE,
    { local: 1, remote: 2, missed: 1 },
  ]);
  expect(text).toContain('<path class="line" d="M0 0H150V100H300M450 25H600"/>');
  expect(text).toContain('aria-label="Hit ratio over the last 1 hour: 66.6\u202f% in all."');
});

test("columns are scaled to the largest, and their layers are stacked", () => {
  const text = chartOf([NONE, NONE, { ...NONE, local: 5 }, { local: 5, remote: 3, missed: 2 }]);
  const rects = [
    ...text.matchAll(/class="fill-(\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g),
  ];
  expect(rects.map(([, ...drawn]) => drawn.join(" "))).toEqual([
    "local 50 50",
    "remote 50 0",
    "missed 50 0",
    "local 50 50",
    "remote 20 30",
    "missed 0 20",
  ]);
});

test("the table has the steps with lookups, newest first", () => {
  const text = chartOf([NONE, { ...NONE, local: 1052 }, NONE, { ...NONE, missed: 1 }]);
  const rows = [...text.matchAll(/<tr><th scope="row">.*?<\/tr>/g)].map(([row]) => textOf({ text: row }));
  expect(rows).toEqual(["now 0 0 1 0 %", "2 min ago 1,052 0 0 100 %"]);
});

test("the range that is shown is marked in the list", () => {
  expect(chartOf([NONE, NONE, NONE, NONE])).toContain('<a href="/?range=1h" aria-current="true">1 hour</a>');
});
