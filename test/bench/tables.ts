/** Measurements as Markdown. */
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { markdownTable } from "../support/markdown-table.ts";
import type { Traffic } from "./line.ts";
import type { Sample } from "./measure.ts";
import { median, medianOf, medianRatio, medianSeconds } from "./statistics.ts";

export interface Row {
  label: string;
  samples: Sample[];
  /** The time to compare with, or the ratio itself; one column each. */
  by?: (Sample[] | number | undefined)[];
}

/** Times, requests, bytes and memory of some builds; `by` are the titles of the ratios. */
export function buildTable(title: string, by: string[], rows: Row[]): string {
  const header = [title, "wall", ...by, "hits", "GET", "LIST", "PUT", "received", "sent", "peak memory"];
  return markdownTable(
    [...header, "helper ends after"],
    rows.map((row) => buildRow(row, by.length)),
  );
}

function buildRow({ label, samples, by = [] }: Row, ratioCount: number): string[] {
  const ratios = Array.from({ length: ratioCount }, (_, i) => {
    const reference = by[i];
    if (reference === undefined) return "";
    return (typeof reference === "number" ? reference : medianRatio(samples, reference)).toFixed(2);
  });
  const time = formatSeconds(medianSeconds(samples));
  if (samples.every(({ counts }) => counts.get === undefined)) return [label, time, ...ratios];
  return [
    label,
    time,
    ...ratios,
    hits(samples),
    ...trafficCells(samples),
    formatByteSize(Math.max(...samples.map(({ peakBytes }) => peakBytes))),
    `${Math.round(1000 * medianOf(samples, ({ lingerSeconds }) => lingerSeconds))} ms`,
  ];
}

export function hits(samples: Sample[]): string {
  const of = (name: string) => medianOf(samples, ({ counts }) => counts[name] ?? 0);
  return `${of("get_local_hit") + of("get_remote_hit")} of ${of("get")}`;
}

/** GET, LIST, PUT, received, sent; empty without a line. */
function trafficCells(samples: Sample[]): string[] {
  const traffics = samples.flatMap(({ traffic }) => traffic ?? []);
  if (traffics.length === 0) return ["", "", "", "", ""];
  const of = (name: keyof Traffic) => Math.round(median(traffics.map((traffic) => traffic[name])));
  const counts = [of("get"), of("list"), of("put")].map(String);
  return [...counts, formatByteSize(of("receivedBytes")), formatByteSize(of("sentBytes"))];
}

export function formatSeconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
