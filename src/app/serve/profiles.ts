/** What a developer looks into a running server with. */
import { Session } from "node:inspector/promises";

const MAX_PROFILE_SECONDS = 60;

/** A snapshot of the heap, for Chromium's developer tools (`.heapsnapshot`). */
export function heapSnapshot(): string {
  return Bun.generateHeapSnapshot("v8");
}

/** Where the processor's time goes for some seconds, for the same tools (`.cpuprofile`). */
export async function cpuProfile(seconds: number): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await Bun.sleep(1000 * Math.min(Math.max(1, seconds), MAX_PROFILE_SECONDS));
    const { profile } = await session.post("Profiler.stop");
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}
