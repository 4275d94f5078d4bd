/**
 * Runs between go and its helper, and prints on stderr how long go waited for the answer to close:
 *
 *     GOCACHEPROG="bun test/bench/close-timer.ts HELPER FLAG…"   →   {"close_ms":12}
 *
 * Its own cost adds to the build, not to close.
 */
import { writeSync } from "node:fs";

const helper = Bun.spawn(process.argv.slice(2), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
let closeRequestedMs: number | undefined;

async function passRequests(): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of Bun.stdin.stream()) {
    // go sends it after all other answers, so it arrives alone, and no body has quotes in it.
    if (decoder.decode(chunk).includes('"Command":"close"')) closeRequestedMs = performance.now();
    helper.stdin.write(chunk);
    await helper.stdin.flush();
  }
  await helper.stdin.end();
}

void passRequests();
for await (const chunk of helper.stdout) {
  if (closeRequestedMs !== undefined)
    console.error(JSON.stringify({ close_ms: Math.round(performance.now() - closeRequestedMs) }));
  writeSync(1, chunk);
}
// The helper may still have work; go must not wait for that.
process.exit(0);
