import type { RealProgram } from "../support/real-program.ts";
import type { S3Server } from "../support/s3-server.ts";
import type { TempDir } from "../support/temp-dir.ts";

/** The common resources of all sections. */
export interface BenchContext {
  dir: TempDir;
  /** An empty directory: no module, no repository. */
  emptyDir: string;
  server: S3Server;
  /** Runs of each variant; more runs make medians more stable. */
  runs: number;
  /** Sizes of the project that is scaled. */
  actions: number[];
  stock: Stock;
}

/** Bucket prefixes that another machine has filled, in both layouts; each is filled when it is first needed. */
export interface Stock {
  /** With the standard library. */
  std(): Promise<string>;
  /** With a real program of several hundred packages. */
  program(): Promise<{ prefix: string; program: RealProgram }>;
}

/** A section of the report: measures, and returns a Markdown table. */
export type Section = (context: BenchContext) => Promise<string>;
