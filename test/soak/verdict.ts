/** Whether the use of resources is flat. */
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { median } from "../bench/statistics.ts";
import { markdownTable } from "../support/markdown-table.ts";
import type { Sample } from "./watch.ts";

const MIB = 1 << 20;
const ROWS = 20;

interface Watched {
  title: string;
  of: (sample: Sample) => number;
  /** The allowed growth; more is a leak. */
  slack: (before: number) => number;
  format: (value: number) => string;
}

const WATCHED: readonly Watched[] = [
  watchBytes(
    "resident",
    ({ residentBytes }) => residentBytes,
    (before) => Math.max(16 * MIB, before / 8),
  ),
  watchBytes(
    "heap",
    ({ heapBytes }) => heapBytes,
    (before) => Math.max(16 * MIB, before / 8),
  ),
  watchCount("open files", ({ descriptors }) => descriptors.files, 0),
  watchCount("pipes and others", ({ descriptors }) => descriptors.others, 0),
  watchCount("of sessions", ({ descriptors }) => descriptors.sessions, 0),
  // Kept alive to the bucket, the upstream, the origins: as many as were ever busy at once, which grows after a moment
  // with other load on the machine. A leak of one in a thousand requests would be 200 more.
  watchCount("sockets", ({ descriptors }) => descriptors.sockets, 64),
  watchCount("temp files", ({ tempFiles }) => tempFiles, 0),
  watchBytes(
    "disk",
    ({ diskBytes }) => diskBytes,
    (before) => before / 8,
  ),
  watchCount("files of state", ({ stateFiles }) => stateFiles, Number.POSITIVE_INFINITY),
  watchCount("scopes", ({ scopes }) => scopes, Number.POSITIVE_INFINITY),
];

const HEADER = ["after", "sessions", "requests", "moved", ...WATCHED.map(({ title }) => title)];

function watchBytes(title: string, of: Watched["of"], slack: Watched["slack"]): Watched {
  return { title, of, slack, format: (value) => formatByteSize(Math.round(value)) };
}

function watchCount(title: string, of: Watched["of"], slack: number): Watched {
  return { title, of, slack: () => slack, format: String };
}

/**
 * The values that grew between the first half, without its first tenth, and the second half, without its first tenth;
 * one line each. None: flat. Halves, since memory rises and falls by its own size with each garbage collection.
 */
export function whatGrew(samples: Sample[]): string[] {
  const at = (part: number) => Math.floor(samples.length * part);
  const [early, late] = [samples.slice(at(0.1), at(0.5)), samples.slice(at(0.6))];
  return WATCHED.flatMap(({ title, of, slack, format }) => {
    const [before, after] = [median(early.map(of)), median(late.map(of))];
    return after - before > slack(before) ? [`${title}: ${format(before)}, then ${format(after)}`] : [];
  });
}

/** The samples over time, at most twenty rows. */
export function soakTable(samples: Sample[]): string {
  const every = Math.ceil(samples.length / ROWS);
  const shown = samples.filter((_, index) => (index + 1) % every === 0 || index === 0);
  return markdownTable(HEADER, shown.map(rowOf));
}

/** One sample in a line. */
export function soakLine(sample: Sample): string {
  const cells = rowOf(sample);
  return HEADER.map((title, column) => `${title} ${cells[column]}`).join(", ");
}

function rowOf(sample: Sample): string[] {
  const { seconds, sessions, requests, movedBytes } = sample;
  const progress = [
    `${Math.round(seconds)} s`,
    String(sessions),
    String(requests),
    formatByteSize(movedBytes),
  ];
  return [...progress, ...WATCHED.map(({ of, format }) => format(of(sample)))];
}
