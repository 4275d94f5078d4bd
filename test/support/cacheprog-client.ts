/** go's side of the GOCACHEPROG protocol against the compiled executable, byte by byte. */
import { readFileSync } from "node:fs";
import { binaryPath } from "./binary.ts";
import { type Answer, AnswerReader } from "./cacheprog-answers.ts";
import { sha256Base64 } from "./ids.ts";
import { plainEnv } from "./process.ts";

/** How the helper ended. */
export interface Ending {
  exitCode: number | null;
  signal: string | number | null;
  stderr: string;
}

export interface ClientOptions {
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Words before the executable, such as `unshare -m …`. */
  wrapper?: string[];
  /** In a process group of its own. */
  detached?: boolean;
}

/** One helper and its connection. Disposing it kills the helper if it still runs. */
export class CacheprogClient implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #detached: boolean;
  readonly #stderr: Promise<string>;
  readonly #reader: AnswerReader;
  #nextId = 1;

  private constructor(options: ClientOptions) {
    this.#detached = options.detached ?? false;
    this.#child = Bun.spawn([...(options.wrapper ?? []), binaryPath(), ...options.args], {
      env: options.env ?? plainEnv(),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: this.#detached,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#stderr = new Response(this.#child.stderr).text();
    this.#reader = new AnswerReader(this.#child.stdout);
  }

  /** Starts a helper and waits for its hello. */
  static async start(options: ClientOptions): Promise<CacheprogClient> {
    await using stack = new AsyncDisposableStack();
    const client = stack.use(new CacheprogClient(options));
    await client.answer(0);
    stack.move();
    return client;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Everything the helper wrote to stdout so far, in order. */
  get answers(): Answer[] {
    return this.#reader.answers;
  }

  /** Writes raw bytes and waits until the pipe took them. */
  async send(bytes: string | Uint8Array): Promise<void> {
    this.#child.stdin.write(bytes);
    await this.#child.stdin.flush();
  }

  /** The answer to request `id`; rejects when stdout ends without it. */
  answer(id: number): Promise<Answer> {
    return this.#reader.answer(id);
  }

  async get(actionId: string): Promise<Answer> {
    return await this.request({ Command: "get", ActionID: actionId });
  }

  async put(actionId: string, body: Uint8Array): Promise<Answer> {
    const head = { Command: "put", ActionID: actionId, OutputID: sha256Base64(body) };
    if (body.length === 0) return await this.request(head);
    return await this.request(
      { ...head, BodySize: body.length },
      `"${Buffer.from(body).toString("base64")}"\n`,
    );
  }

  async close(): Promise<Answer> {
    return await this.request({ Command: "close" });
  }

  /** Sends a request with the next free ID, as go writes it, and waits for its answer. */
  async request(fields: Record<string, unknown>, body = ""): Promise<Answer> {
    const id = this.#nextId++;
    const answered = this.answer(id);
    await this.send(`${JSON.stringify({ ID: id, ...fields })}\n\n${body}`);
    return await answered;
  }

  /** Closes the helper's stdin. */
  async end(): Promise<void> {
    await this.#child.stdin.end();
  }

  /** Signals the helper, or its whole group if it was started `detached`. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.#detached ? -this.pid : this.pid, name);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with all of stderr at the end of stdout and stderr: then go's caller continues. */
  async outputEnded(): Promise<string> {
    await this.#reader.ended;
    return await this.#stderr;
  }

  /** Resolves when stdout and stderr are at their end and the process has exited. */
  async ended(): Promise<Ending> {
    const [stderr] = await Promise.all([this.outputEnded(), this.#child.exited]);
    return { exitCode: this.#child.exitCode, signal: this.#child.signalCode, stderr };
  }

  /** Ends stdin, waits for the exit and returns every answer except the hello. */
  async finish(): Promise<{ answers: Answer[] } & Ending> {
    await this.end();
    const ending = await this.ended();
    return { answers: this.answers.slice(1), ...ending };
  }

  /** The helper's peak resident memory (VmHWM). */
  peakRssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.signal("SIGKILL");
    await this.#child.exited;
  }
}
