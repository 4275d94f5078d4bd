/** Calls for the same key at the same time share one run of the work and its result, failures included. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #until: ((result: T) => Promise<unknown> | undefined) | undefined;

  /** `until`: what a run that has its result still waits for before it ends, such as the rest of a stream. */
  constructor(until?: (result: T) => Promise<unknown> | undefined) {
    this.#until = until;
  }

  /** The run in progress. */
  get(key: string): Promise<T> | undefined {
    return this.#running.get(key);
  }

  /** Joins the run in progress, or starts one. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work();
    this.#running.set(key, started);
    const end = () => this.#running.delete(key);
    // Registered before any caller waits, so a caller that resumes can start the next run.
    (this.#until === undefined ? started : started.then(this.#until)).then(end, end);
    return started;
  }
}
