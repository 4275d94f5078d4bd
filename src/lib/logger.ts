import { hideSecrets } from "./text/hide-secrets.ts";

/**
 * The program's output on stderr. Silent without `verbose` or `debug`, with one exception: `warn` prints a
 * given text once a process. stderr is go's own stderr, so every line names the program. Secrets are hidden in all.
 */
export class Logger {
  readonly #verbose: boolean;
  readonly #debugMask: number;
  readonly #write: (line: string) => void;
  readonly #isJson: boolean;
  readonly #warned = new Set<string>();

  constructor(options: {
    verbose: boolean;
    debugMask: number;
    /** `json`: each line is an object with time, level and message. */
    format?: "text" | "json";
    write: (line: string) => void;
  }) {
    this.#verbose = options.verbose;
    this.#debugMask = options.debugMask;
    this.#write = options.write;
    this.#isJson = options.format === "json";
  }

  /** A line that is always printed, once a process for each `topic`. */
  warn(topic: string, message: string): void {
    if (this.#warned.has(topic)) return;
    this.#warned.add(topic);
    this.#line("warn", message);
  }

  /** A line that is always printed, by a command that go did not start. */
  say(message: string): void {
    this.#line("info", message);
  }

  /** Requested output, such as `--metrics`, without a prefix. */
  print(text: string): void {
    this.#write(`${text}\n`);
  }

  /** A line for `-v`. */
  info(message: () => string): void {
    if (this.#verbose) this.#line("info", message());
  }

  /** A line for `--debug` when its mask has `bit` (see `DEBUG_BITS`). */
  debug(bit: number, message: () => string): void {
    if ((this.#debugMask & bit) !== 0) this.#line("debug", message());
  }

  #line(level: "warn" | "info" | "debug", text: string): void {
    const message = hideSecrets(text);
    if (this.#isJson) {
      this.#write(`${JSON.stringify({ time: new Date().toISOString(), level, message })}\n`);
      return;
    }
    this.#write(`go-cache-plugin: ${message.replaceAll("\n", " ")}\n`);
  }
}

/** The bits of `--debug`. */
export const DEBUG_BITS = { build: 1, module: 2, proxy: 4 } as const;
