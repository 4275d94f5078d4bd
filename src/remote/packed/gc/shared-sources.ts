/** Which runs tell what projects share, by their listing alone. */
import { listedRuns, runsToRead } from "../../runs/choose-runs.ts";
import type { RunOf } from "../bucket/record-census.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";

const MAX_PROJECTS = 16;
/** A run of another branch counts only for a project without one of these. */
const DEFAULT_BRANCHES = ["main", "master"];

/** The records of a project's newest complete run; of an earlier one if none is complete. */
export interface SharedSource {
  project: string;
  records: RunOf[];
  modifiedMs: number;
}

type Known = SharedSource & { isDefault: boolean };

export class SharedSources {
  readonly #platforms = new Map<string, Map<string, Known>>();

  /** `records`: all of one job. */
  add(records: readonly RunOf[]): void {
    const scope = records[0]?.scope;
    const newest = runsToRead(listedRuns(records, MAX_RECORD_BYTES)).at(-1);
    if (scope === undefined || newest === undefined) return;
    const { platform, project, branch } = scope;
    const { modifiedMs } = newest;
    const keys = new Set(newest.records.map(({ key }) => key));
    const isDefault = DEFAULT_BRANCHES.includes(branch);
    const projects = this.#platforms.get(platform) ?? new Map<string, Known>();
    this.#platforms.set(platform, projects);
    const known = projects.get(project);
    const isBetter = known === undefined || isPreferred({ isDefault, modifiedMs }, known);
    if (!isBetter) return;
    projects.set(project, {
      project,
      records: records.filter(({ key }) => keys.has(key)),
      modifiedMs,
      isDefault,
    });
  }

  /** Platforms, as encoded in keys, on which there are several projects. */
  get platforms(): string[] {
    return [...this.#platforms].filter(([, projects]) => projects.size > 1).map(([platform]) => platform);
  }

  /** The projects that ran last on this platform, the last one first. */
  of(platform: string): SharedSource[] {
    const projects = [...(this.#platforms.get(platform)?.values() ?? [])];
    return projects.sort((a, b) => b.modifiedMs - a.modifiedMs).slice(0, MAX_PROJECTS);
  }
}

function isPreferred(a: Pick<Known, "isDefault" | "modifiedMs">, b: Known): boolean {
  return a.isDefault === b.isDefault ? a.modifiedMs > b.modifiedMs : a.isDefault;
}
