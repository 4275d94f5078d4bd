/** The state of a simulation: the team, its bucket, and what runs have left in it. */
import { parseRunName } from "../../src/remote/runs/run-names.ts";
import type { Scope } from "../../src/remote/scope/scope.ts";
import { type Random, randomOf } from "../faults/random.ts";
import { Bucket, type Client } from "./bucket.ts";
import type { Disk } from "./disk.ts";
import { kindOf, type Remover } from "./names.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Scenario } from "./scenario.ts";
import { type Action, Actions, type Branch, Project } from "./sources.ts";
import { Timeline } from "./timeline.ts";

const START_MS = 1_800_000_000_000;
const REQUEST_MS = 20;

/** A run that has used everything and has published it. */
export interface CompleteRun {
  run: string;
  actions: readonly Action[];
  beganMs: number;
  endedMs: number;
  /** Its machines had empty disks, so all of it was found in the bucket or is new there. */
  isFresh: boolean;
}

/** A run that has used more than this share may count as complete. */
export const HALF = 0.42;

/** A run that goes on. */
export interface ActiveRun {
  /** The part of its actions that any of its machines has come to. */
  share: number;
}

export interface Job {
  project: Project;
  branch: Branch;
  name: string;
  machines: number;
  /** The newest last. */
  complete: CompleteRun[];
  active: Set<ActiveRun>;
  /** How many runs have begun. */
  begun: number;
  /** What a complete run had and a new machine did not find. */
  missed: { run: string; beganMs: number; actions: ReadonlySet<string> } | undefined;
  /** When a run wrote last that has used most of what it needed, but not all: it counts as complete. */
  doubtfulMs: number;
  /** So many runs that fail are still to come. */
  failures: number;
}

/** A disk that outlives a run. */
export interface KeptMachine {
  name: string;
  disk: Disk;
  skewMs: number;
  isBusy: boolean;
}

const NOBODY: Client = {
  by: "machine",
  random: () => 0,
  latency: undefined,
  failing: 0,
  diesAt: Number.POSITIVE_INFINITY,
  requests: 0,
  reads: 0,
  failures: 0,
  isDead: false,
};

/** What must not happen, and when it did. */
export class Broken extends Error {}

export class World {
  readonly scenario: Scenario;
  readonly timeline = new Timeline(START_MS);
  readonly bucket: Bucket;
  readonly random: Random;
  readonly actions = new Actions();
  readonly projects: Project[];
  readonly kept: KeptMachine[] = [];
  readonly #jobs = new Map<string, Job>();
  /** When the records of a run were written last. */
  readonly writtenMs = new Map<string, number>();
  broken: Broken | undefined;
  #runs = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.random = randomOf(scenario.seed, "world");
    this.bucket = new Bucket(this.timeline, (text) => this.break(text));
    this.projects = Array.from(
      { length: scenario.projects },
      (_, at) => new Project(`example.com/${at}`, scenario.project, this.actions),
    );
    this.bucket.onRecord = (key) => {
      const run = kindOf(key) === "run" ? parseRunName(key)?.run : undefined;
      if (run !== undefined) this.writtenMs.set(run, this.timeline.nowMs);
    };
  }

  get day(): number {
    return (this.timeline.nowMs - START_MS) / DAY_MS;
  }

  get startMs(): number {
    return START_MS;
  }

  /** Notes the first thing that must not happen; the simulation ends then. */
  break(text: string): void {
    const { seed } = this.scenario;
    const when = `seed ${seed}, event ${this.timeline.count}, day ${this.day.toFixed(3)}`;
    this.broken ??= new Broken(`${when}: ${text}`);
  }

  chance(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }

  job(project: Project, branch: Branch, name: string): Job {
    const key = `${project.name} ${branch.name} ${name}`;
    const machines = this.scenario.machines[name] ?? 1;
    const job = this.#jobs.get(key) ?? {
      project,
      branch,
      name,
      machines,
      complete: [],
      active: new Set(),
      begun: 0,
      missed: undefined,
      doubtfulMs: 0,
      failures: 0,
    };
    this.#jobs.set(key, job);
    return job;
  }

  get jobs(): Job[] {
    return [...this.#jobs.values()];
  }

  forget(branch: Branch): void {
    for (const [key, job] of this.#jobs)
      if (job.branch === branch && job.active.size === 0) this.#jobs.delete(key);
  }

  newRun(): string {
    return String(++this.#runs);
  }

  scopeOf({ project, branch, name }: Job, run: string): Scope {
    return {
      platform: "linux_amd64_go1.27.0",
      project: project.name,
      branch: branch.name,
      job: name,
      run,
      fallbackBranches: branch.name === "main" ? [] : ["main"],
      defaultBranch: "main",
    };
  }

  client(by: Remover, options: Partial<Client> = {}): Client {
    const random = randomOf(this.scenario.seed, `client ${this.bucket.requests} ${this.random()}`);
    const { failing, slow, stuck } = this.scenario.troubles;
    const latency = () => {
      const usual = REQUEST_MS * (0.5 + random());
      if (stuck > 0 && random() < stuck) return 2 * HOUR_MS * random();
      return slow > 0 && random() < slow ? MINUTE_MS * random() : usual;
    };
    return {
      by,
      random,
      latency,
      failing,
      diesAt: Number.POSITIVE_INFINITY,
      requests: 0,
      reads: 0,
      failures: 0,
      isDead: false,
      ...options,
    };
  }

  /** Its requests take no time. */
  get observer(): Client {
    return { ...NOBODY };
  }

  /** Requests of a collection take their usual time, so that its own is known. */
  get usualLatency(): () => number {
    return () => REQUEST_MS;
  }
}
