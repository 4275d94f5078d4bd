/** Real child processes with their output captured. */

/** The outcome of a command; tests compare it as a whole, so it contains nothing that varies between runs. */
export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** How to start a command. It inherits only the variables in `env`. */
export interface SpawnOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** In a process group of its own, so that the whole group can be signalled. */
  detached?: boolean;
}

/** A running command. Disposing it kills its group if it still runs. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the process has ended and both its outputs are closed by every holder. */
  readonly outcome: Promise<Outcome>;
  /** All of stdout so far, as soon as it contains `text`; rejects if the output ends before that. */
  stdoutHas(text: string): Promise<string>;
  /** Signals the process, or its whole group if it was started `detached`. */
  signal(name: NodeJS.Signals): void;
}

/** Runs a command to its end. A failing command is an outcome, not an error. */
export async function run(argv: string[], options: SpawnOptions = {}): Promise<Outcome> {
  await using running = start(argv, options);
  return await running.outcome;
}

/** Starts a command. */
export function start(argv: string[], options: SpawnOptions = {}): Running {
  const child = Bun.spawn(argv, {
    env: options.env ?? plainEnv(),
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout = new Transcript(child.stdout);
  const outcome = Promise.all([stdout.whole, new Response(child.stderr).text(), child.exited]).then(
    ([out, stderr, exitCode]) => ({ stdout: out, stderr, exitCode }),
  );
  const signal = (name: NodeJS.Signals) =>
    void signalIfThere(options.detached === true ? -child.pid : child.pid, name);
  return {
    pid: child.pid,
    outcome,
    stdoutHas: (text) => stdout.has(text),
    signal,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) signal("SIGKILL");
      await child.exited;
    },
  };
}

/** The variables that any command needs, and those of the suite; none that configures go, the cache or AWS. */
export function plainEnv(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(GO(?!CACHE_REMOTE_TIMEOUT$)|AWS_|CGO_|CI$)/.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), AWS_EC2_METADATA_DISABLED: "true", ...extra };
}

/** The same without the suite's own time limit, for commands that print all settings: `init` and `env`. */
export function userEnv(extra: Record<string, string> = {}): Record<string, string> {
  return plainEnv({ GOCACHE_REMOTE_TIMEOUT: "", ...extra });
}

/** Signals a process, or the group `-pid`. False: it has ended already. */
export function signalIfThere(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** A stream's text so far, and a promise for a given text in it. */
class Transcript {
  readonly whole: Promise<string>;
  #text = "";
  #state: "open" | "ended" = "open";
  #waiting: (() => void)[] = [];

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#read(stream);
  }

  async has(text: string): Promise<string> {
    while (!this.#text.includes(text)) {
      if (this.#state === "ended")
        throw new Error(`output ended without ${JSON.stringify(text)}: ${this.#text}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#text;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    this.#state = "ended";
    this.#wake();
    return this.#text;
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
