import { binaryPath } from "../support/binary.ts";
import { peakOf } from "./helper-end.ts";

/** Requests in flight: enough that the helper always has one to work on. */
const WINDOW = 64;
const PEAK_EVERY_MS = 10;

/** What the answers to some requests were. */
export interface BulkCounts {
  hits: number;
  misses: number;
}

/**
 * go's side of the GOCACHEPROG protocol for a great many requests: they are written in bulk, and their answers only
 * counted. Disposing it kills the helper if it still runs.
 */
export class BulkClient implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #stderr: Promise<string>;
  readonly #reading: Promise<void>;
  /** The hello counts as the answer to a first request. */
  #sent = 1;
  #answered = 0;
  #counts: BulkCounts = { hits: 0, misses: 0 };
  #failure: Error | undefined;
  #onAnswers: () => void = () => {};
  #peakBytes = 0;

  private constructor(options: { args: string[]; env: Record<string, string>; cwd: string }) {
    const { args, ...place } = options;
    this.#child = Bun.spawn([binaryPath(), ...args], {
      ...place,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#stderr = new Response(this.#child.stderr).text();
    this.#reading = this.#read();
  }

  /** Starts a helper and waits for its hello. */
  static async start(options: {
    args: string[];
    env: Record<string, string>;
    cwd: string;
  }): Promise<BulkClient> {
    await using stack = new AsyncDisposableStack();
    const client = stack.use(new BulkClient(options));
    await client.#until(1);
    stack.move();
    return client;
  }

  /** Sends `count` requests, and returns when all are answered. `request`: its text, by its id and its number. */
  async send(count: number, request: (id: number, n: number) => string): Promise<BulkCounts> {
    this.#counts = { hits: 0, misses: 0 };
    for (let n = 0; n < count; ) {
      let text = "";
      for (; n < count && this.#sent - this.#answered < WINDOW; n++) text += request(this.#sent++, n);
      this.#child.stdin.write(text);
      await this.#child.stdin.flush();
      await this.#until(this.#sent - WINDOW / 2);
    }
    await this.#until(this.#sent);
    return this.#counts;
  }

  /** Closes the session, and returns when that is answered. */
  async close(): Promise<void> {
    await this.send(1, (id) => `{"ID":${id},"Command":"close"}\n\n`);
  }

  /** Waits until the helper has ended. */
  async ended(): Promise<{ stderr: string; peakBytes: number }> {
    while (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#peakBytes = Math.max(this.#peakBytes, peakOf(this.#child.pid));
      await Bun.sleep(PEAK_EVERY_MS);
    }
    await this.#reading;
    return { stderr: await this.#stderr, peakBytes: this.#peakBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  /** Waits until that many requests are answered. */
  async #until(answered: number): Promise<void> {
    while (this.#answered < answered) {
      if (this.#failure !== undefined) throw this.#failure;
      const more = Promise.withResolvers<void>();
      this.#onAnswers = more.resolve;
      await more.promise;
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    try {
      for await (const chunk of this.#child.stdout) {
        const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
        this.#onAnswers();
      }
      throw new Error(`the helper has ended: ${await this.#stderr}`);
    } catch (error) {
      this.#failure = error as Error;
      this.#onAnswers();
    }
  }

  #take(line: string): void {
    this.#answered++;
    if (line.includes('"DiskPath":')) this.#counts.hits++;
    else if (line.includes('"Miss":true')) this.#counts.misses++;
    else if (line.includes('"Err":')) throw new Error(line);
  }
}
