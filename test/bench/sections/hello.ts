import { binaryPath } from "../../support/binary.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import type { BenchContext } from "../context.ts";
import { median } from "../statistics.ts";

const STARTS = 41;

/** The time from the start of the process to its first line, which go waits for. */
export async function benchHello({ dir }: BenchContext): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) times.push(await helloMs(dir.join("hello")));
  const [fastest, middle] = [Math.min(...times), median(times)];
  return markdownTable(
    ["start of the process to hello", "median", "fastest"],
    [[`${STARTS} starts`, `${middle.toFixed(1)} ms`, `${fastest.toFixed(1)} ms`]],
  );
}

async function helloMs(cacheDir: string): Promise<number> {
  const startedMs = performance.now();
  const child = Bun.spawn([binaryPath(), `--cache-dir=${cacheDir}`], { stdin: "pipe", stdout: "pipe" });
  await child.stdout.getReader().read();
  const elapsedMs = performance.now() - startedMs;
  await child.stdin.end();
  await child.exited;
  return elapsedMs;
}
