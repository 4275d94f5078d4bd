import { afterEach, expect, test } from "bun:test";
import { watchSignals } from "../../src/app/signals.ts";

const SIGNALS = ["SIGINT", "SIGHUP", "SIGTERM"] as const;

afterEach(() => {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
});

/** Which signals, of those that come, give up the remote. */
function stoppingSignals(hasEnded: boolean): string[] {
  const stops: string[] = [];
  let current = "";
  const watch = watchSignals(() => stops.push(current));
  if (hasEnded) watch.sessionEnded();
  for (const signal of SIGNALS) {
    current = signal;
    process.emit(signal, signal);
  }
  return stops;
}

test("while go is there, only SIGTERM gives up the remote", () => {
  expect(stoppingSignals(false)).toEqual(["SIGTERM"]);
});

test("once the session has ended every signal does", () => {
  expect(stoppingSignals(true)).toEqual(["SIGINT", "SIGHUP", "SIGTERM"]);
});
