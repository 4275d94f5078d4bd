/** Every fault of the bucket while go's own cache is filled, and while it is read out. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "../../faults/random.ts";
import { type Operation, REMOTE_FAULTS, type RemoteFault } from "../../faults/remote-faults.ts";
import { s3Flags } from "../../support/binary.ts";
import { libraryModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import type { Outcome } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { SUITE_SEED } from "../../support/seed.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { checkGoCache, NativeTeam, SOUND, succeeded } from "./native-team.ts";

/** A command, and the requests of it that the fault affects. */
export type NativeCase = readonly ["restore" | "save", Operation];

/** Short, so that faults that hang don't take long. */
const IMPATIENT = "--remote-timeout=1s";

/** A test for each fault, of those cases that `choose` selects; `index`: of the fault. */
export function testNativeFaults(choose: (cases: NativeCase[], index: number) => NativeCase[]): void {
  // Time-outs of the command itself are much shorter: a fault that none of them ends fails here.
  setDefaultTimeout(240_000);

  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => await site[Symbol.asyncDispose]());

  for (const [index, fault] of REMOTE_FAULTS.entries()) {
    const cases = choose(casesOf(fault), index);
    if (cases.length === 0) continue;
    test(`${fault.name}: ${cases.map((words) => words.join(", ")).join("; ")}`, async () => {
      await Promise.all(cases.map((one) => site.play(fault, one)));
    });
  }
}

function casesOf({ on }: RemoteFault): NativeCase[] {
  const anything = on.includes("list") || on.includes("any");
  const cases: (NativeCase | false)[] = [
    anything && ["restore", "any"],
    on.includes("get") && ["restore", "content"],
    anything && ["save", "any"],
    on.includes("put") && ["save", "put"],
  ];
  return cases.filter((one) => one !== false);
}

interface Site extends AsyncDisposable {
  play(fault: RemoteFault, [command, operation]: NativeCase): Promise<void>;
}

async function openSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("native-faults"));
  const s3 = stack.use(await startS3Server());
  const team = new NativeTeam(dir.path);
  const project = libraryModule(dir.join("project"), "faulty");
  const built = team.newMachine();
  const command = (machine: GoMachine, args: string[]) => team.program(machine, project, args, s3.env);
  // In two packs.
  for (const flag of ["-trimpath", "-trimpath=false"]) {
    await succeeded(go(built, ["build", flag, "./..."], { cwd: project }));
    await succeeded(command(built, ["save", ...flagsOf(s3, s3.endpoint)]));
  }
  const kept = stack.move();
  let cases = 0;
  return {
    async play(fault, [name, operation]) {
      await using line = await fault.open({ s3 }, operation, randomOf(SUITE_SEED, `${fault.name} ${name}`));
      const prefix = name === "save" ? [`--prefix=case-${++cases}`] : [];
      // Each with its own notes of what the bucket does.
      const notes = `--cache-dir=${team.newHome()}`;
      const machine = name === "save" ? built : team.newMachine();
      const flags = [...flagsOf(s3, line.endpoint), ...prefix, IMPATIENT, notes];
      expectQuiet(await command(machine, [name, ...flags]));
      expect(line.hasStruck()).toBe(true);
      expect(checkGoCache(machine.gocache)).toEqual(SOUND);
      if (name === "save") {
        const other = team.newMachine();
        expectQuiet(await command(other, ["restore", ...flagsOf(s3, s3.endpoint), ...prefix]));
        expect(checkGoCache(other.gocache)).toEqual(SOUND);
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function flagsOf(s3: S3Server, endpoint: string): string[] {
  return s3Flags(s3, { layout: "packed", endpoint });
}

/** Exit code 0, and at most one line. */
function expectQuiet({ exitCode, stderr }: Outcome): void {
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^(?:go-cache-plugin: .*\n)?$/)]);
}
