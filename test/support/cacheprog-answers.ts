/** The helper's side of a connection: its answers, in order and by request. */

/** One object that the helper wrote. */
export interface Answer {
  ID: number;
  KnownCommands?: string[];
  Err?: string;
  Miss?: boolean;
  OutputID?: string;
  Size?: number;
  Time?: string;
  DiskPath?: string;
}

/** Reads a helper's stdout: one answer per line, each to another request, and nothing else. */
export class AnswerReader {
  /** In the order they came. */
  readonly answers: Answer[] = [];
  /** Resolves at the end of stdout. */
  readonly ended: Promise<void>;
  readonly #waiters = new Map<number, PromiseWithResolvers<Answer>>();
  #failure: Error | undefined;

  constructor(stdout: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stdout);
  }

  /** The answer to request `id`; rejects when stdout ends, or holds anything else, before it. */
  answer(id: number): Promise<Answer> {
    const waiter = this.#waiter(id);
    // The caller may await it only later.
    waiter.promise.catch(() => {});
    if (this.#failure !== undefined) waiter.reject(this.#failure);
    return waiter.promise;
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let pending = "";
    try {
      for await (const chunk of stdout) {
        pending += decoder.decode(chunk, { stream: true });
        const lines = pending.split("\n");
        pending = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      }
      if (pending !== "") throw new Error(`stdout ends inside a line: ${pending}`);
      this.#fail(new Error("the helper closed stdout before it answered"));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #take(line: string): void {
    const answer = JSON.parse(line) as Answer;
    if (this.answers.some((earlier) => earlier.ID === answer.ID)) {
      throw new Error(`second answer to one request: ${line}`);
    }
    this.answers.push(answer);
    this.#waiter(answer.ID).resolve(answer);
  }

  #waiter(id: number): PromiseWithResolvers<Answer> {
    const waiter = this.#waiters.get(id) ?? Promise.withResolvers<Answer>();
    this.#waiters.set(id, waiter);
    return waiter;
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
  }
}
