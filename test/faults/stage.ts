/** What all cases share: a bucket, a module, and machines that begin alike. */
import { rmSync } from "node:fs";
import { gocacheprog, s3Flags } from "../support/binary.ts";
import { copyPrefix } from "../support/bucket-copy.ts";
import { copyMachine, type Machine, newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { faultModule } from "./fault-module.ts";
import { type Played, play } from "./play.ts";

export const LAYOUTS = ["packed", "split"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How rounds are played without the executable. */
export interface Alone {
  /** So many at once; one unless told. */
  rounds?: number;
  /** On a machine that has not even the standard library. */
  isCold?: boolean;
}

export interface Stage extends AsyncDisposable {
  readonly dir: TempDir;
  readonly s3: S3Server;
  /** The module that is built. */
  readonly project: string;
  /** What a round comes to without a cache. */
  readonly reference: Played;
  /** A name that nothing else has. */
  newName(): string;
  /** A machine below `dir` that has what the module needs of the standard library, and nothing of the module. */
  machine(dir: string, env: Record<string, string>): Promise<Machine>;
  /** What that has on its disk. */
  readonly used: { bytes: number; files: number };
  /** Plays without the executable; how many seconds the slowest round took. */
  playAlone(how?: Alone): Promise<number>;
  /** A prefix of the bucket that nobody else uses: with all that the module needs, or with nothing. */
  bucketPart(layout: Layout, content?: "stock" | "nothing"): Promise<string>;
}

/** So that the same sources give the same bytes, and all commands share what they compile. */
const ENV = { GOFLAGS: "-trimpath" };

/** Prepares everything for a module of `packages` packages; takes about a minute. */
export async function setStage({ packages }: { packages: number }): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("faults"));
  const s3 = stack.use(await startS3Server());
  const project = faultModule(dir.join("project"), { name: "faulty", packages });
  const withStd = newMachine(dir.join("with-std"), { env: ENV });
  const aloneWithStd = alone(newMachine(dir.join("alone-with-std"), { env: ENV }));
  const other = faultModule(dir.join("other"), { name: "other", packages: 1 });
  for (const machine of [withStd, aloneWithStd]) await play(machine, other, dir.join("other.out"));
  await settled(withStd);
  const used = {
    bytes: await diskUsage(withStd, "--block-size=1"),
    files: await diskUsage(withStd, "--inodes"),
  };

  let names = 0;
  const newName = () => `case-${++names}`;
  const machine = (home: string, env: Record<string, string>) =>
    copyMachine(withStd, home, { env: { ...ENV, ...env } });
  const playAlone = async ({ rounds = 1, isCold = false }: Alone) => {
    const name = newName();
    const home = dir.join(name);
    const copy = isCold ? newMachine(home) : await copyMachine(aloneWithStd, home);
    const outs = Array.from({ length: rounds }, (_, index) => dir.join(`${name}-${index}`));
    const played = await Promise.all(outs.map((out) => play(alone({ ...copy, env: ENV }), project, out)));
    rmSync(home, { recursive: true });
    return played;
  };
  for (const layout of LAYOUTS) {
    const filler = await machine(dir.join(`filler-${layout}`), s3.env);
    filler.cacheprog = gocacheprog(...s3Flags(s3, { prefix: stockOf(layout), layout }));
    await play(filler, project, dir.join("filler.out"));
    await settled(filler);
    rmSync(dir.join(`filler-${layout}`), { recursive: true });
  }
  const [reference] = await playAlone({});
  if (reference === undefined) throw new Error("nothing was played");
  const kept = stack.move();
  return {
    dir,
    s3,
    project,
    reference,
    newName,
    machine,
    used,
    playAlone: async (how = {}) => Math.max(...(await playAlone(how)).map(({ seconds }) => seconds)),
    async bucketPart(layout, content = "stock") {
      const prefix = newName();
      if (content === "stock") await copyPrefix(s3, stockOf(layout), prefix);
      return prefix;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function stockOf(layout: Layout): string {
  return `stock-${layout}`;
}

async function diskUsage({ gocache }: Machine, unit: string): Promise<number> {
  const { stdout } = await run(["du", "-s", unit, gocache]);
  return Number.parseInt(stdout, 10);
}

function alone(machine: Machine): Machine {
  return { ...machine, cacheprog: undefined };
}
