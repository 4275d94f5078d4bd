/** The process of `worker.ts`: one task per line on stdin, reports on stdout. */
import { makeRecordings } from "./recordings/recordings.ts";
import { type FuzzReport, runTarget } from "./run-target.ts";
import { targetOf } from "./targets.ts";

export interface Task {
  name: string;
  cases: number;
  seed: number;
  notePath: string;
}

/** After every round, and with the report at the end; inputs as base64. */
export interface WorkerLine {
  cases: number;
  residentBytes: number;
  report?: Omit<FuzzReport, "findings"> & { findings: { input: string; message: string }[] };
}

function say(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const recordings = await makeRecordings();
for await (const line of console) {
  const { name, ...options } = JSON.parse(line) as Task;
  let cases = 0;
  const onProgress = (tried: number) => {
    cases = tried;
    say({ cases, residentBytes: process.memoryUsage.rss() });
  };
  const report = await runTarget(targetOf(name), recordings, { ...options, onProgress });
  const findings = report.findings.map(({ input, message }) => ({
    input: Buffer.from(input).toString("base64"),
    message,
  }));
  say({ cases: report.cases, residentBytes: process.memoryUsage.rss(), report: { ...report, findings } });
}
