/**
 * Stands between go and its helper and says on stderr how long go waited for the answer to close:
 *
 *     GOCACHEPROG="bun test/bench/close-timer.ts HELPER FLAG…"   →   {"close_ms":12}
 *
 * What it costs itself falls on the build, not on close.
 */
import { writeSync } from "node:fs";

const helper = Bun.spawn(process.argv.slice(2), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
let closeAskedMs: number | undefined;

async function passRequests(): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of Bun.stdin.stream()) {
    // go asks for it when all else was answered, so it comes alone, and no body has quotes in it.
    if (decoder.decode(chunk).includes('"Command":"close"')) closeAskedMs = performance.now();
    helper.stdin.write(chunk);
    await helper.stdin.flush();
  }
  await helper.stdin.end();
}

void passRequests();
for await (const chunk of helper.stdout) {
  if (closeAskedMs !== undefined)
    console.error(JSON.stringify({ close_ms: Math.round(performance.now() - closeAskedMs) }));
  writeSync(1, chunk);
}
// The helper may still have something to do; go is not to wait for that.
process.exit(0);
