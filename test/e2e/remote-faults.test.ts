/** S3 breaks in the middle of go's work: every command still does what it would do without it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { type Fault, s3Error } from "../support/faults.ts";
import { chainModule } from "../support/go-project.ts";
import { go } from "../support/go-toolchain.ts";
import { copyMachine, type Machine, newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const PACKAGES = 8;
/** Requests that go well before the trouble begins. */
const GOOD_REQUESTS = 4;
/** What a broken remote may cost one command, and room for a busy machine. */
const MOST_LOST_MS = 10_000;
const SLACK_MS = 5_000;

/** What happens to S3 after the first few requests. */
const TROUBLES: { what: string; fault: Fault; on?: RegExp }[] = [
  { what: "refuses with 503", fault: s3Error(503) },
  { what: "refuses with 403", fault: s3Error(403) },
  { what: "resets connections", fault: { kind: "reset" } },
  { what: "hangs", fault: { kind: "hang" } },
  { what: "hangs in the middle of bodies", fault: { kind: "hang-in-body", afterBytes: 40 } },
  { what: "drips", fault: { kind: "drip", bytes: 1, everyMs: 50 } },
  { what: "cuts bodies short", fault: { kind: "truncate", afterBytes: 40, promised: "all" } },
  {
    what: "cuts bodies short and says so",
    fault: { kind: "truncate", afterBytes: 40, promised: "what-comes" },
  },
  { what: "flips a byte of every output", fault: { kind: "flip", atByte: 20 }, on: /\/output\// },
];

let dir: TempDir;
let s3: S3Server;
let project: string;
/** A machine that has the standard library but nothing of the project. */
let template: Machine;
let baseline: Played;

beforeAll(async () => {
  dir = tempDir("faults");
  s3 = await startS3Server();
  project = chainModule(dir.join("project"), { name: "faulty", count: PACKAGES });
  template = newMachine(dir.join("template"));
  const other = chainModule(dir.join("other"), { name: "other", count: 1 });
  await play(template, other, dir.join("other.out"));
  const flags = s3Flags(s3, { prefix: "faults" });
  await play(
    await copyMachine(template, dir.join("first"), { flags, env: s3.env }),
    project,
    dir.join("first.out"),
  );
  baseline = await play(await copyMachine(template, dir.join("alone")), project, dir.join("alone.out"));
  console.log(`without a remote: ${JSON.stringify(baseline.elapsedMs)} ms`);
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

describe("go build, vet and test, while S3", () => {
  test("is killed", async () => {
    await using victim = await startS3Server();
    await using proxy = await FaultProxy.start({ target: victim.endpoint });
    proxy.fail(
      afterGoodRequests(() => {
        void victim.kill();
        void proxy.refuse();
      }),
      { kind: "reset" },
    );
    await expectUnharmed(proxy, "killed", victim);
  });

  for (const { what, fault, on } of TROUBLES) {
    test(what, async () => {
      await using proxy = await FaultProxy.start({ target: s3.endpoint });
      const started = afterGoodRequests();
      proxy.fail((request) => started(request) && (on === undefined || on.test(request.path)), fault);
      await expectUnharmed(proxy, what.replaceAll(" ", "-"), s3);
    });
  }
});

test("20 go commands in a row with an S3 that hangs all do their work", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  proxy.fail(() => true, { kind: "hang" });
  const flags = s3Flags(s3, { prefix: "faults", endpoint: proxy.endpoint });
  const machine = await copyMachine(template, dir.join("twenty"), { flags, env: s3.env });
  const exitCodes: number[] = [];
  const startedMs = performance.now();
  for (let index = 0; index < 20; index++) {
    const command = [
      ["build", "-o", "/dev/null", "."],
      ["vet", "./..."],
      ["list", "-export", "./..."],
    ][index % 3];
    exitCodes.push((await go(machine, command ?? [], { cwd: project })).exitCode);
  }
  const elapsedMs = Math.round(performance.now() - startedMs);
  console.log(`20 commands with an S3 that hangs: ${elapsedMs} ms, ${proxy.counts.requests} requests`);
  expect(exitCodes).toEqual(Array(20).fill(0));
  expect(elapsedMs).toBeLessThan(20 * MOST_LOST_MS);
});

interface Played {
  /** What the commands said and did; equal whenever all went well. */
  results: Record<string, unknown>;
  /** Lines on stderr, command by command. */
  stderrLines: string[][];
  elapsedMs: Record<string, number>;
}

/** Builds, vets and tests `project`, and runs what was built. */
async function play(machine: Machine, cwd: string, out: string): Promise<Played> {
  const commands = { build: ["build", "-o", out, "."], vet: ["vet", "./..."], test: ["test", "./..."] };
  const played: Played = { results: {}, stderrLines: [], elapsedMs: {} };
  for (const [name, args] of Object.entries(commands)) {
    const { exitCode, stdout, stderr, elapsedMs } = await go(machine, args, { cwd });
    const withoutTimes = stdout.replaceAll(/\t(\d+\.\d+s|\(cached\))$/gm, "");
    played.results[name] = { exitCode, stdout: withoutTimes };
    played.stderrLines.push(stderr.split("\n").filter((line) => line !== ""));
    played.elapsedMs[name] = elapsedMs;
  }
  played.results.program = await run([out]);
  return played;
}

async function expectUnharmed(proxy: FaultProxy, name: string, server: S3Server): Promise<void> {
  const flags = s3Flags(server, { prefix: "faults", endpoint: proxy.endpoint });
  const machine = await copyMachine(template, dir.join(name), { flags, env: server.env });
  const played = await play(machine, project, join(dir.path, `${name}.out`));
  console.log(`${name}: ${JSON.stringify(played.elapsedMs)} ms, ${proxy.counts.requests} requests`);
  expect(proxy.counts.requests).toBeGreaterThan(GOOD_REQUESTS);
  expect(played.results).toEqual(baseline.results);
  // One line a command at most, and none that is not ours.
  expect(played.stderrLines.filter((lines) => lines.length > 1)).toEqual([]);
  expect(played.stderrLines.flat().filter((line) => !line.startsWith("go-cache-plugin: "))).toEqual([]);
  for (const [command, elapsedMs] of Object.entries(played.elapsedMs)) {
    expect(elapsedMs - (baseline.elapsedMs[command] ?? 0)).toBeLessThan(MOST_LOST_MS + SLACK_MS);
  }
}

/** A rule that fits no request before the trouble begins, and every one from then on. */
function afterGoodRequests(onBegin = () => {}): (request: unknown) => boolean {
  let requests = 0;
  return () => {
    requests++;
    if (requests === GOOD_REQUESTS + 1) onBegin();
    return requests > GOOD_REQUESTS;
  };
}
