/** S3 breaks in the middle of go's work: every command still does what it would do without it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { type Fault, s3Error } from "../support/faults.ts";
import { wrongOutputs } from "../support/file-tree.ts";
import { chainModule } from "../support/go-project.ts";
import { go } from "../support/go-toolchain.ts";
import { copyMachine, type Machine, newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const PACKAGES = 8;
const LAYOUTS = ["packed", "split"] as const;
/** Requests that go well before the trouble begins: the first records, or the first actions. */
const GOOD_REQUESTS = { packed: 2, split: 4 };
type Layout = (typeof LAYOUTS)[number];

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
  { what: "flips a byte of every output", fault: { kind: "flip", atByte: 20 }, on: /\/(output|pack)\// },
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
  for (const layout of LAYOUTS) {
    const flags = s3Flags(s3, { prefix: "faults", layout });
    const first = await copyMachine(template, dir.join(`first-${layout}`), { flags, env: s3.env });
    await play(first, project, dir.join("first.out"));
    await settled(first);
  }
  baseline = await play(await copyMachine(template, dir.join("alone")), project, dir.join("alone.out"));
  console.log(`without a remote: ${JSON.stringify(baseline.elapsedMs)} ms`);
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

for (const layout of LAYOUTS) {
  describe(`go build, vet and test with the ${layout} layout, while S3`, () => {
    test("is killed", async () => {
      await using victim = await startS3Server();
      await using proxy = await FaultProxy.start({ target: victim.endpoint });
      const begin = () => {
        void victim.kill();
        void proxy.refuse();
      };
      proxy.fail(afterGoodRequests(layout, begin), { kind: "reset" });
      await expectUnharmed({ proxy, layout, name: "killed", server: victim });
    });

    for (const { what, fault, on } of TROUBLES) {
      test(what, async () => {
        await using proxy = await FaultProxy.start({ target: s3.endpoint });
        const started = afterGoodRequests(layout);
        proxy.fail((request) => started(request) && (on === undefined || on.test(request.path)), fault);
        await expectUnharmed({ proxy, layout, name: what.replaceAll(" ", "-"), server: s3 });
      });
    }
  });
}

test("a bucket that may not be listed is done without, and that is said once", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  proxy.fail(({ path }) => /^\/[^/]+\/?$/.test(path), s3Error(403));
  const flags = s3Flags(s3, { prefix: "unlisted", layout: "packed", endpoint: proxy.endpoint });
  const machine = await copyMachine(template, dir.join("unlisted"), { flags, env: s3.env });
  const played = await play(machine, project, dir.join("unlisted.out"));
  expect(played.results).toEqual(baseline.results);
  for (const lines of played.stderrLines) {
    expect(lines).toEqual([expect.stringContaining("s3:ListBucket is not granted")]);
  }
});

test("20 go commands in a row with an S3 that hangs all do their work", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  proxy.fail(() => true, { kind: "hang" });
  const flags = s3Flags(s3, { prefix: "faults", layout: "packed", endpoint: proxy.endpoint });
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

async function expectUnharmed(trouble: {
  proxy: FaultProxy;
  layout: Layout;
  name: string;
  server: S3Server;
}): Promise<void> {
  const { proxy, layout, server } = trouble;
  const name = `${trouble.name}-${layout}`;
  const flags = s3Flags(server, { prefix: "faults", layout, endpoint: proxy.endpoint });
  const machine = await copyMachine(template, dir.join(name), { flags, env: server.env });
  const played = await play(machine, project, join(dir.path, `${name}.out`));
  console.log(`${name}: ${JSON.stringify(played.elapsedMs)} ms, ${proxy.counts.requests} requests`);
  expect(proxy.counts.requests).toBeGreaterThan(GOOD_REQUESTS[layout]);
  expect(played.results).toEqual(baseline.results);
  // One line a command at most, and none that is not ours.
  expect(played.stderrLines.filter((lines) => lines.length > 1)).toEqual([]);
  expect(played.stderrLines.flat().filter((line) => !line.startsWith("go-cache-plugin: "))).toEqual([]);
  await settled(machine);
  expect(wrongOutputs(machine.cacheDir)).toEqual([]);
}

/** A rule that fits no request before the trouble begins, and every one from then on. */
function afterGoodRequests(layout: Layout, onBegin = () => {}): (request: unknown) => boolean {
  let requests = 0;
  return () => {
    requests++;
    if (requests === GOOD_REQUESTS[layout] + 1) onBegin();
    return requests > GOOD_REQUESTS[layout];
  };
}
