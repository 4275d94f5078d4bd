/** What happens in a simulation, by its options; all of it is drawn by the seed. */
import type { Random } from "../faults/random.ts";
import type { Kind } from "./names.ts";
import type { ProjectOptions } from "./sources.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Shares are of 1. */
export interface Scenario {
  seed: number;
  days: number;
  projects: number;
  project: ProjectOptions;
  /** Of all projects, a day. */
  runsPerDay: number;
  /** The number of machines in a run of each job. */
  machines: Record<string, number>;
  /** Open pull requests of a project. */
  pulls: number;
  /** The packages that a commit changes. */
  commitShare: number;
  maxInlineRows: number;
  troubles: Troubles;
  /** What rules of the bucket remove. */
  rules: { kind: Kind; ageMs: number }[];
  gc: {
    perDay: number;
    dying: number;
    limitMs: number | undefined /** Begun by hand, next to others. */;
    byHand: number;
  };
}

interface Troubles {
  /** Requests that fail. */
  failing: number;
  /** Requests that take up to a minute, and up to two hours. */
  slow: number;
  stuck: number;
  /** Machines that die while they work. */
  dying: number;
  /** Runs that end early: they say that they have ended, or do not. */
  failed: number;
  cancelled: number;
  /** Runs that begin a row of up to ten of those. */
  rows: number;
  /** Machines with a disk from earlier runs. */
  kept: number;
  /** Machines with a clock that is off by hours. */
  skewed: number;
}

const NO_TROUBLES: Troubles = {
  failing: 0,
  slow: 0,
  stuck: 0,
  dying: 0,
  failed: 0,
  cancelled: 0,
  rows: 0,
  kept: 0.1,
  skewed: 0,
};

/** Three weeks of two small projects, with troubles of all kinds. */
export function mediumScenario(seed: number, random: Random): Scenario {
  const sometimes = (share: number, value: number) => (random() < share ? value * random() : 0);
  return {
    seed,
    days: 21,
    projects: 2,
    project: { packages: 20, library: 12, jobs: ["test", "lint"] },
    runsPerDay: 6,
    machines: { lint: random() < 0.3 ? 3 : 1 },
    pulls: 1,
    commitShare: 0.05,
    maxInlineRows: random() < 0.5 ? 30 : 6_000,
    troubles: {
      failing: sometimes(0.3, 0.04),
      slow: sometimes(0.5, 0.05),
      stuck: sometimes(0.3, 0.01),
      dying: sometimes(0.5, 0.2),
      failed: sometimes(0.7, 0.4),
      cancelled: sometimes(0.7, 0.3),
      rows: sometimes(0.5, 0.05),
      kept: sometimes(0.7, 0.6),
      skewed: sometimes(0.5, 0.5),
    },
    rules: rulesOf(random),
    gc: {
      perDay: random() < 0.2 ? 0.3 : 1,
      dying: sometimes(0.5, 0.8),
      limitMs: random() < 0.5 ? 60_000 : 1_000,
      byHand: sometimes(0.4, 0.5),
    },
  };
}

function rulesOf(random: Random): Scenario["rules"] {
  if (random() < 0.6) return [];
  const kinds: Kind[] = ["pack", "segment", "run", "new", "head"];
  return kinds.filter(() => random() < 0.5).map((kind) => ({ kind, ageMs: (3 + 15 * random()) * DAY_MS }));
}

/** A quarter of a busy team, in which nothing goes wrong but runs. */
export function quarterScenario(seed: number, options: Partial<Scenario> = {}): Scenario {
  return {
    seed,
    days: 90,
    projects: 4,
    project: { packages: 60, library: 40, jobs: ["test"] },
    runsPerDay: 1_000,
    machines: {},
    pulls: 4,
    commitShare: 0.02,
    maxInlineRows: 6_000,
    troubles: { ...NO_TROUBLES, failed: 0.1, cancelled: 0.1 },
    rules: [],
    gc: { perDay: 1, dying: 0, limitMs: 60_000, byHand: 0 },
    ...options,
  };
}
