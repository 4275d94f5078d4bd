/** Every fault of the bucket while a cache is filled, and while it is read out. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
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
type NativeCase = readonly ["restore" | "save", Operation];

/**
 * Short, so that faults that hang don't take long. On a busy machine the first may be over before the command comes to the
 * requests that the fault affects.
 */
const TIMEOUTS = ["1s", "5s", "25s"];

type Choose = (cases: NativeCase[], index: number) => NativeCase[];

/** Of each command one case, with other requests from fault to fault. */
export const ONE_EACH: Choose = (cases, index) => {
  const one = (name: NativeCase[0]) => {
    const its = cases.filter(([command]) => command === name);
    return its.slice(index % its.length).slice(0, 1);
  };
  return [...one("restore"), ...one("save")];
};

export const EVERY_CASE: Choose = (cases) => cases;

/** A test for each fault, of those cases that `choose` selects; `index`: of the fault. */
export function testNativeFaults(openStock: OpenStock, choose: Choose): void {
  // Time-outs of the command itself are much shorter: a fault that none of them ends fails here.
  setDefaultTimeout(240_000);

  let site: Site;
  beforeAll(async () => {
    site = await openSite(openStock);
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

/** What the commands are about, with a bucket on an S3 server. */
interface Stock extends AsyncDisposable {
  team: NativeTeam;
  project: string;
  /** Further flags. */
  args: string[];
  /** Has what is to be saved; it is in the bucket, in two packs. */
  full: GoMachine;
  newMachine(): GoMachine;
  /** Throws unless all that is on a machine is right. */
  expectSound(machine: GoMachine): void;
}

/** Gives each stock its first contents. `save`: runs `save` on a machine with the bucket's flags. */
export type OpenStock = (dir: string, save: SaveFrom) => Promise<Stock>;
type SaveFrom = (stock: Pick<Stock, "team" | "project" | "args">, machine: GoMachine) => Promise<void>;

interface Site extends AsyncDisposable {
  play(fault: RemoteFault, [command, operation]: NativeCase): Promise<void>;
}

/** Go's own cache. */
export const openBuilds: OpenStock = async (dir, save) => {
  const team = new NativeTeam(dir);
  const project = libraryModule(join(dir, "project"), "faulty");
  const full = team.newMachine();
  const stock = { team, project, args: [] };
  for (const flag of ["-trimpath", "-trimpath=false"]) {
    await succeeded(go(full, ["build", flag, "./..."], { cwd: project }));
    await save(stock, full);
  }
  return {
    ...stock,
    full,
    newMachine: () => team.newMachine(),
    expectSound: ({ gocache }) => expect(checkGoCache(gocache)).toEqual(SOUND),
    async [Symbol.asyncDispose]() {
      // It has files only.
    },
  };
};

async function openSite(openStock: OpenStock): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("native-faults"));
  const s3 = stack.use(await startS3Server());
  const command = (
    { team, project, args }: Pick<Stock, "team" | "project" | "args">,
    machine: GoMachine,
    [name = "", ...flags]: string[],
  ) => team.program(machine, project, [name, ...args, ...flags], s3.env);
  const stock = stack.use(
    await openStock(dir.path, async (to, machine) => {
      await succeeded(command(to, machine, ["save", ...flagsOf(s3, s3.endpoint)]));
    }),
  );
  const { team, full, expectSound } = stock;
  const kept = stack.move();
  let cases = 0;
  /** Returns whether the fault has struck. */
  const playOnce = async (fault: RemoteFault, [name, operation]: NativeCase, timeout: string) => {
    await using line = await fault.open({ s3 }, operation, randomOf(SUITE_SEED, `${fault.name} ${name}`));
    const prefix = name === "save" ? [`--prefix=case-${++cases}`] : [];
    // Each with its own notes of what the bucket does.
    const own = [`--cache-dir=${team.newHome()}`, `--remote-timeout=${timeout}`];
    const machine = name === "save" ? full : stock.newMachine();
    expectQuiet(await command(stock, machine, [name, ...flagsOf(s3, line.endpoint), ...prefix, ...own]));
    expectSound(machine);
    if (name === "save") {
      const other = stock.newMachine();
      expectQuiet(await command(stock, other, ["restore", ...flagsOf(s3, s3.endpoint), ...prefix]));
      expectSound(other);
    }
    return line.hasStruck();
  };
  return {
    async play(fault, one) {
      for (const timeout of TIMEOUTS) if (await playOnce(fault, one, timeout)) return;
      throw new Error(`the fault has not struck within ${TIMEOUTS.at(-1)}`);
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
