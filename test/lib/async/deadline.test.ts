import { expect, test } from "bun:test";
import { once } from "node:events";
import { join } from "node:path";
import { Deadline, TimeoutError } from "../../../src/lib/async/deadline.ts";

/** The reason with which a signal aborts; waits for it. */
async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
}

test("aborts with a TimeoutError when the time is up", async () => {
  using deadline = new Deadline(1);
  const reason = await reasonOf(deadline.signal);
  expect(reason).toBeInstanceOf(TimeoutError);
  expect(String(reason)).toBe("TimeoutError: no answer within 1 ms");
});

test("aborts with the reason of its parent", async () => {
  const parent = new AbortController();
  using deadline = new Deadline(60_000, parent.signal);
  expect(deadline.signal.aborted).toBe(false);
  parent.abort("enough");
  expect(await reasonOf(deadline.signal)).toBe("enough");
});

test("is aborted from the start when its parent is", () => {
  using deadline = new Deadline(60_000, AbortSignal.abort("before"));
  expect([deadline.signal.aborted, deadline.signal.reason]).toEqual([true, "before"]);
});

test("restart replaces the time", async () => {
  using deadline = new Deadline(60_000);
  deadline.restart(1);
  expect(String(await reasonOf(deadline.signal))).toBe("TimeoutError: no answer within 1 ms");
});

test("more time in all replaces the time, and what has passed counts", async () => {
  using deadline = new Deadline(60_000);
  await Bun.sleep(2);
  deadline.extendTo(1);
  expect(String(await reasonOf(deadline.signal))).toBe("TimeoutError: no answer within 1 ms");
});

test("keeps the first reason", async () => {
  const parent = new AbortController();
  using deadline = new Deadline(1, parent.signal);
  const reason = await reasonOf(deadline.signal);
  parent.abort("late");
  deadline.restart(1);
  expect(deadline.signal.reason).toBe(reason);
});

test("does not listen to its parent when disposed", () => {
  const parent = new AbortController();
  const deadline = new Deadline(60_000, parent.signal);
  deadline[Symbol.dispose]();
  parent.abort("late");
  expect(deadline.signal.aborted).toBe(false);
});

test.each([2 ** 31, 1e12, Number.POSITIVE_INFINITY])(
  "a limit of %p ms, beyond what a timer takes, is not over at once",
  async (limitMs) => {
    using deadline = new Deadline(limitMs);
    using other = new Deadline(5);
    await reasonOf(other.signal);
    expect(deadline.signal.aborted).toBe(false);
  },
);

test("one that is over already is up at once, and the runtime has nothing to say of it", () => {
  const module = join(import.meta.dir, "../../../src/lib/async/deadline.ts");
  // The process was busy for longer than the time.
  const script = `
    import { Deadline } from ${JSON.stringify(module)};
    const deadline = new Deadline(60_000);
    deadline.extendTo(-200);
    deadline.signal.addEventListener("abort", () => console.log(deadline.signal.reason.message));
  `;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script]);
  expect([stdout.toString(), stderr.toString()]).toEqual(["no answer within -200 ms\n", ""]);
});
