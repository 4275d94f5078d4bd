/** Only ends a test that would hang: a test checks the state that it waits for, never the time that it took. */
const HANG_MS = 240_000;
const POLL_MS = 2;

/**
 * Waits until `look` finds something, which is neither `false` nor `undefined`, and returns it. `what` names it in the
 * error of a test that hangs.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
): Promise<Exclude<T, false | undefined>> {
  const startedMs = performance.now();
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    if (performance.now() - startedMs > HANG_MS) throw new Error(`timed out waiting for: ${what}`);
    await Bun.sleep(POLL_MS);
  }
}
