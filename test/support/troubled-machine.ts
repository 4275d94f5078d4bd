/** Consecutive go commands on one machine, with a fault proxy before the bucket. */
import { s3Flags } from "./binary.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { chainModule } from "./go-project.ts";
import { type GoOutcome, go } from "./go-toolchain.ts";
import type { Machine } from "./machine.ts";
import { startS3Server } from "./s3-server.ts";
import { settled } from "./settled.ts";
import { tempDir } from "./temp-dir.ts";
import { warmMachine } from "./warm-machine.ts";

const COMMANDS = [
  ["build", "-o", "/dev/null", "."],
  ["vet", "./..."],
  ["list", "-export", "./..."],
];

export interface TroubledMachine extends AsyncDisposable {
  proxy: FaultProxy;
  /** Runs this many commands of all kinds, one after the other. */
  runInARow(count: number): Promise<GoOutcome[]>;
}

/** A machine with the standard library but nothing of the project, and an empty bucket. */
export async function startTroubledMachine(...flags: string[]): Promise<TroubledMachine> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("trouble"));
  const s3 = stack.use(await startS3Server());
  // Without the proxy no request waits for an answer any more.
  stack.defer(() => settled({ gocache: dir.join("machine", "gocache") }));
  const proxy = stack.use(await FaultProxy.start({ target: s3.endpoint }));
  const cwd = chainModule(dir.join("project"), { name: "trouble", count: 4 });
  const bucket = s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint });
  const machine: Machine = await warmMachine(dir.join("machine"), {
    flags: [...bucket, ...flags],
    env: s3.env,
  });
  const kept = stack.move();
  return {
    proxy,
    async runInARow(count) {
      const outcomes: GoOutcome[] = [];
      for (let index = 0; index < count; index++) {
        outcomes.push(await go(machine, COMMANDS[index % COMMANDS.length] ?? [], { cwd }));
      }
      return outcomes;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
