/** Runs the program in a bare file system to which only Go was added. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type BareRoot, bareRoot, runInRoot } from "../support/bare-root.ts";
import { chainModule } from "../support/go-project.ts";
import { countCompiles } from "../support/go-toolchain.ts";
import type { Outcome } from "../support/process.ts";

export interface ImageResult {
  /** The outcome of `version`; if it can't start, the reason. */
  start: Outcome;
  /** Packages that two builds compiled, each on an empty disk, with one bucket; `undefined`: it does not start. */
  compiles: [number, number] | undefined;
}

/** The files that are added to a file system. */
export interface ImageSetting {
  /** A directory with the program in it, and for `helloMs` the timer. */
  programs: string;
  goRoot: string;
  /** A directory that is the bucket. */
  bucket: string;
}

/** The module to build there. */
export const IMAGE_MODULE = { name: "image", count: 3 };

/** `path`: a complete file system. */
export function imageRoot(path: string, { programs, goRoot, bucket }: ImageSetting): BareRoot {
  mkdirSync(bucket, { recursive: true });
  const root = bareRoot(path, goRoot);
  Object.assign(root.mounts, { [programs]: "usr/local/bin", [bucket]: "bucket" });
  chainModule(join(path, "src"), IMAGE_MODULE);
  return root;
}

export async function tryImage(root: BareRoot): Promise<ImageResult> {
  const start = await runInRoot(root, ["go-cache-plugin", "version"]);
  if (start.exitCode !== 0) return { start, compiles: undefined };
  return { start, compiles: [await build(root, "first"), await build(root, "second")] };
}

/** The time from start to first line. */
export async function helloMs(root: BareRoot): Promise<number> {
  const timed = await runInRoot(root, ["timer", "go-cache-plugin", "--cache-dir=/tmp/timer"]);
  return Number(timed.stdout);
}

async function build(root: BareRoot, machine: string): Promise<number> {
  const outcome = await runInRoot(
    root,
    ["go", "-C", "/src", "build", "-x", "-trimpath", "-o", `/tmp/${machine}`, "."],
    {
      GOCACHEPROG: "go-cache-plugin --bucket=file:///bucket",
      GOCACHE: `/tmp/cache-${machine}`,
    },
  );
  const built = await runInRoot(root, [`/tmp/${machine}`]);
  if (outcome.exitCode !== 0 || built.stderr !== "image 3\n") {
    throw new Error(`go build in ${root.path}: ${outcome.stderr}${built.stderr}`);
  }
  return countCompiles(outcome);
}
