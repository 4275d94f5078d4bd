/** Runs a scenario from its first day to its last. */
import { collectAsMachine, collectByHand, type GcCost } from "./collector.ts";
import { runJob } from "./runs.ts";
import { DAY_MS, HOUR_MS, type Scenario } from "./scenario.ts";
import { simulateRuntime } from "./simulated-runtime.ts";
import type { Branch, Project } from "./sources.ts";
import { World } from "./world.ts";

/** Commits for each run. */
const COMMITS = 0.3;
const MERGED = 0.5;

export interface Outcome {
  /** What must not happen, with seed and event; `undefined`: all is well. */
  broken: Error | undefined;
  runs: number;
  requests: number;
  events: number;
}

export interface Options {
  /** Called at the end of each day. */
  onDay?: (world: World, gc: GcCost) => void | Promise<void>;
  /** See `faults.ts`. */
  fault?: (world: World) => Disposable;
}

export async function simulate(
  scenario: Scenario,
  { onDay = () => {}, fault }: Options = {},
): Promise<Outcome> {
  const world = new World(scenario);
  using _runtime = simulateRuntime(world.timeline, scenario.seed);
  using _fault = fault?.(world);
  const team = new Team(world);
  for (let day = 0; day < scenario.days && world.broken === undefined; day++) {
    team.planDay(day);
    await world.timeline
      .run(world.startMs + (day + 1) * DAY_MS, () => {
        if (world.broken !== undefined) throw world.broken;
      })
      .catch((error) => {
        if (error !== world.broken) throw error;
      });
    await onDay(world, team.gc);
  }
  const { broken, bucket, timeline } = world;
  return { broken, runs: team.runs, requests: bucket.requests, events: timeline.count };
}

class Team {
  readonly gc: GcCost = { stretches: 0, finished: 0, requests: 0, reads: 0, longestMs: 0, knownWrites: 0 };
  readonly #world: World;
  readonly #pulls = new Map<Project, Branch[]>();
  runs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  planDay(day: number): void {
    const { scenario, timeline, startMs } = this.#world;
    const at = (ms: number, action: () => Promise<void>) =>
      timeline.after(
        startMs + day * DAY_MS + ms - timeline.nowMs,
        () => void action().catch((error) => this.#world.break(String(error?.stack))),
      );
    this.#movePulls();
    at(3 * HOUR_MS, async () => {
      for (const { kind, ageMs } of scenario.rules) await this.#world.bucket.expire(kind, ageMs);
    });
    const count = Math.round(scenario.runsPerDay * (0.5 + this.#world.random()));
    for (let n = 0; n < count; n++) at(DAY_MS * this.#world.random(), () => this.#run());
    const { perDay } = scenario.gc;
    for (let n = 0; n < Math.max(2, perDay); n++)
      if (this.#world.chance(Math.min(1, perDay)))
        at(DAY_MS * this.#world.random(), () => collectAsMachine(this.#world, this.gc));
    if (this.#world.chance(scenario.gc.byHand))
      at(DAY_MS * this.#world.random(), () => collectByHand(this.#world, this.gc));
  }

  /** Pull requests come, and go after some days. */
  #movePulls(): void {
    const { projects, scenario } = this.#world;
    for (const project of projects) {
      const open = (this.#pulls.get(project) ?? []).filter((branch) => {
        const goes = this.#world.chance(0.25);
        if (!goes) return true;
        if (this.#world.chance(MERGED)) project.merge(branch);
        branch.isClosed = true;
        this.#world.forget(branch);
        return false;
      });
      while (open.length < scenario.pulls) open.push(project.open());
      this.#pulls.set(project, open);
    }
  }

  async #run(): Promise<void> {
    const world = this.#world;
    const { scenario } = world;
    const project = world.pick(world.projects);
    const isPull = world.chance(0.4);
    const branch = isPull ? world.pick(this.#pulls.get(project) ?? [project.main]) : project.main;
    if (world.chance(COMMITS)) project.commit(branch, world.random, scenario.commitShare);
    this.runs++;
    await runJob(world, world.job(project, branch, world.pick(project.options.jobs)));
  }
}
