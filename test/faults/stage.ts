/** The resources of the campaign: a bucket, a module, and machines with the same initial disk. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gocacheprog, s3Flags } from "../support/binary.ts";
import { copyToBucket } from "../support/bucket-copy.ts";
import { FullDisk } from "../support/full-disk.ts";
import { copyMachine, type Machine, newMachine } from "../support/machine.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import { warmMachine } from "../support/warm-machine.ts";
import { faultModule } from "./fault-module.ts";
import { type Played, play } from "./play.ts";

export const LAYOUTS = ["packed", "split"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How rounds without the executable run. */
export interface Alone {
  /** The number of concurrent rounds; default: one. */
  rounds?: number;
  /** On a machine without even the standard library. */
  isCold?: boolean;
}

export interface Stage extends AsyncDisposable {
  readonly dir: FullDisk;
  readonly s3: S3Server;
  /** The module that rounds build. */
  readonly project: string;
  /** The results of a round without faults. */
  readonly reference: Played;
  /** A unique name. */
  newName(): string;
  /** A machine below `dir` with the part of the standard library that the module needs, and nothing of the module. */
  machine(dir: string, env: Record<string, string>): Promise<Machine>;
  /** Runs rounds without the executable; returns the seconds of the slowest round. */
  playAlone(how?: Alone): Promise<number>;
  /** A new bucket: with all entries of the module, or empty. */
  newBucket(layout: Layout, content?: "stock" | "nothing"): Promise<CaseBucket>;
}

/** A bucket of the server that one case uses alone. */
export interface CaseBucket {
  bucket: string;
  prefix: string;
}

export interface StageOptions {
  /** The number of packages of the module. */
  packages: number;
  /**
   * How the reference round runs: without the executable, so the standard library is compiled again, or with it and
   * without a bucket.
   */
  reference: "alone" | "without-bucket";
}

/** More than the machines of any case use at once. */
const DISK_BYTES = 8 * 2 ** 30;

/** Makes the same sources produce the same bytes, so that all commands share their outputs. */
const ENV = { GOFLAGS: "-trimpath" };

/** Prepares the resources of every case; the rest when the first case needs it. */
export async function setStage(options: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  // In memory: each case copies a machine, and removes it.
  const dir = stack.use(new FullDisk(DISK_BYTES));
  const s3 = stack.use(await startS3Server());
  const project = faultModule(dir.join("project"), { name: "faulty", packages: options.packages });
  const other = faultModule(dir.join("other"), { name: "other", packages: 1 });
  const withStd = await warmMachine(dir.join("with-std"), { trimpath: true, env: ENV });
  // A warm machine lacks the entries of `go vet`.
  await play(withStd, other, dir.join("other.out"));
  await settled(withStd);

  let names = 0;
  const newName = () => `case-${++names}`;
  const machine = (home: string, env: Record<string, string>) =>
    copyMachine(withStd, home, { env: { ...ENV, ...env } });

  const aloneWithStd = once(async () => {
    const made = alone(newMachine(dir.join("alone-with-std"), { env: ENV }));
    await play(made, other, dir.join("other.out"));
    return made;
  });
  const playAlone = async ({ rounds = 1, isCold = false }: Alone = {}): Promise<Played[]> => {
    const name = newName();
    const home = dir.join(name);
    const copy = isCold ? newMachine(home) : await copyMachine(await aloneWithStd(), home);
    const outs = Array.from({ length: rounds }, (_, index) => dir.join(`${name}-${index}`));
    const played = await Promise.all(outs.map((out) => play(alone({ ...copy, env: ENV }), project, out)));
    rmSync(home, { recursive: true });
    return played;
  };

  /** Runs a round with the executable and `flags` on a machine that is removed afterwards. */
  const playWith = async (flags: string[]): Promise<Played> => {
    const home = dir.join(newName());
    const copy = await machine(home, s3.env);
    copy.cacheprog = gocacheprog(...flags);
    const played = await play(copy, project, `${home}.out`);
    await settled(copy);
    rmSync(home, { recursive: true });
    return played;
  };
  const stockPrefix = (layout: Layout) => `stock-${layout}`;
  const fillStock = (layout: Layout) =>
    once(() => playWith(s3Flags(s3, { prefix: stockPrefix(layout), layout })));
  const stocks = { packed: fillStock("packed"), split: fillStock("split") };

  const [reference] = options.reference === "alone" ? await playAlone() : [await playWith([])];
  if (reference === undefined) throw new Error("there was no round");
  const kept = stack.move();
  return {
    dir,
    s3,
    project,
    reference,
    newName,
    machine,
    playAlone: async (how) => Math.max(...(await playAlone(how)).map(({ seconds }) => seconds)),
    async newBucket(layout, content = "stock") {
      const made = { bucket: newName(), prefix: stockPrefix(layout) };
      if (content === "nothing") {
        mkdirSync(join(s3.dataDir, made.bucket));
        return made;
      }
      await stocks[layout]();
      await copyToBucket(s3, made.prefix, made.bucket);
      return made;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The same, made at the first call and kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function alone(machine: Machine): Machine {
  return { ...machine, cacheprog: undefined };
}
