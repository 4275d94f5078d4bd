/** go's side of the GOCACHEPROG protocol against the compiled executable, byte by byte. */
import { readFileSync } from "node:fs";
import { binaryPath } from "./binary.ts";
import { plainEnv } from "./process.ts";

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
  /** Put before the executable, such as `unshare -m …`. */
  wrapper?: string[];
  /** In a process group of its own. */
  detached?: boolean;
}

/** One helper and its connection. Disposing it kills the helper if it still runs. */
export class CacheprogClient implements AsyncDisposable {
  /** Everything the helper wrote to stdout so far, in order; a line that is no answer breaks every waiter. */
  readonly answers: Answer[] = [];
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #detached: boolean;
  readonly #stderr: Promise<string>;
  readonly #reading: Promise<void>;
  #waiters = new Map<number, PromiseWithResolvers<Answer>>();
  #failure: Error | undefined;
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
    this.#reading = this.#read();
  }

  /** Starts a helper and waits for its hello. */
  static async start(options: ClientOptions): Promise<CacheprogClient> {
    const client = new CacheprogClient(options);
    await client.answer(0);
    return client;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get hello(): Answer | undefined {
    return this.answers.find((answer) => answer.ID === 0);
  }

  /** Writes raw bytes and waits until the pipe took them. */
  async send(bytes: string | Uint8Array): Promise<void> {
    this.#child.stdin.write(bytes);
    await this.#child.stdin.flush();
  }

  /** The answer to request `id`; rejects when stdout ends without it. */
  answer(id: number): Promise<Answer> {
    const waiter = this.#waiters.get(id) ?? Promise.withResolvers<Answer>();
    this.#waiters.set(id, waiter);
    waiter.promise.catch(() => {});
    if (this.#failure !== undefined) waiter.reject(this.#failure);
    return waiter.promise;
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

  /** Resolves when stdout and stderr are at their end and the process is gone. */
  async ended(): Promise<Ending> {
    const [stderr] = await Promise.all([this.#stderr, this.#reading, this.#child.exited]);
    return { exitCode: this.#child.exitCode, signal: this.#child.signalCode, stderr };
  }

  /** Resolves when the helper's stdout is at its end, which is what lets go finish. */
  async stdoutEnded(): Promise<void> {
    await this.#reading;
  }

  /** Ends stdin, waits for the exit and returns every answer except the hello. */
  async finish(): Promise<{ answers: Answer[] } & Ending> {
    await this.end();
    const ending = await this.ended();
    return { answers: this.answers.slice(1), ...ending };
  }

  /** Most memory the helper ever had resident (VmHWM). */
  peakRssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGKILL");
    await this.#child.exited;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let pending = "";
    try {
      for await (const chunk of this.#child.stdout) {
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
    const waiter = this.#waiters.get(answer.ID) ?? Promise.withResolvers<Answer>();
    this.#waiters.set(answer.ID, waiter);
    waiter.resolve(answer);
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
  }
}

/** SHA-256 as the protocol writes ids. */
export function sha256Base64(body: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("base64");
}

/** SHA-256 as file names and keys have it. */
export function sha256Hex(body: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(body).digest("hex");
}

/** A 32-byte id made from any text, in base64. */
export function idOf(text: string): string {
  return sha256Base64(text);
}

/** The hex form of a base64 id. */
export function hexOf(id: string): string {
  return Buffer.from(id, "base64").toString("hex");
}
