/** A process that tries inputs, so that an input that hangs, or takes all memory, affects nothing else. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FuzzReport } from "./run-target.ts";
import type { Task, WorkerLine } from "./work.ts";

/** Many times as long as ten thousand cases of the slowest target take. */
const SILENT_MS = 120_000;
/** The memory limit for parsers of small files with a megabyte of input. */
const MAX_RESIDENT_BYTES = 2 * 2 ** 30;

export interface TargetReport extends FuzzReport {
  /** For the process and its target. */
  residentBytes: number;
}

export class Worker implements AsyncDisposable {
  readonly #notePath: string;
  #child: Bun.Subprocess<"pipe", "pipe", "inherit"> | undefined;
  #lines: AsyncIterator<WorkerLine> | undefined;

  /** `notePath`: the file for large inputs before it tries them. */
  constructor(notePath: string) {
    this.#notePath = notePath;
  }

  /** Never rejects: a process that ended, or was killed, is a finding. */
  async run(task: Omit<Task, "notePath">): Promise<TargetReport> {
    rmSync(this.#notePath, { force: true });
    const startedMs = performance.now();
    this.#start();
    this.#child?.stdin.write(`${JSON.stringify({ ...task, notePath: this.#notePath })}\n`);
    await this.#child?.stdin.flush();
    let cases = 0;
    for (;;) {
      const line = await this.#next();
      if (line === undefined) break;
      cases = line.cases;
      if (line.report !== undefined) return withMemory(line);
    }
    await this[Symbol.asyncDispose]();
    const input = existsSync(this.#notePath) ? readFileSync(this.#notePath) : Buffer.alloc(0);
    const message = `it does not end (or the process did), in the round after case ${cases}`;
    const seconds = (performance.now() - startedMs) / 1000;
    const empty = { accepted: 0, refused: 0, residentBytes: 0 };
    return { ...empty, name: task.name, cases, seconds, findings: [{ input, message }] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    this.#child = undefined;
  }

  #start(): void {
    if (this.#child !== undefined) return;
    const argv = [process.execPath, join(import.meta.dir, "work.ts")];
    this.#child = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#child.stdout);
  }

  /** `undefined`: it has ended, or is silent. */
  async #next(): Promise<WorkerLine | undefined> {
    const silence = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => silence.resolve(undefined), SILENT_MS);
    const next = this.#lines?.next().then(({ done, value }) => (done === true ? undefined : value));
    const line = await Promise.race([next, silence.promise]);
    clearTimeout(timer);
    return line;
  }
}

function withMemory({ report, residentBytes }: WorkerLine): TargetReport {
  if (report === undefined) throw new Error("no report");
  const findings = report.findings.map(({ input, message }) => ({
    input: Buffer.from(input, "base64"),
    message,
  }));
  if (residentBytes > MAX_RESIDENT_BYTES)
    findings.push({ input: Buffer.alloc(0), message: `it takes ${residentBytes} bytes` });
  return { ...report, findings, residentBytes };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<WorkerLine, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as WorkerLine;
  }
}
