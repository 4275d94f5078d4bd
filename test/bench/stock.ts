import { realProgram } from "../support/real-program.ts";
import type { BenchContext, Stock } from "./context.ts";
import { bucketFlags, onRunner } from "./machines.ts";
import { measure } from "./measure.ts";

/** The standard library, 340 packages. */
export const BUILD_STD = [["build", "std"]];

export function lazyStock(context: Omit<BenchContext, "stock">): Stock {
  let std: Promise<string> | undefined;
  let program: ReturnType<Stock["program"]> | undefined;
  return {
    std: () => {
      std ??= stockStd(context);
      return std;
    },
    program: () => {
      program ??= stockProgram(context);
      return program;
    },
  };
}

/** The command that builds the program; `out` must be new, or go may find it up to date. */
export function buildProgram(mainPackage: string, out: string): string[][] {
  return [["build", "-trimpath", "-buildvcs=false", "-o", out, mainPackage]];
}

async function stockStd(context: Omit<BenchContext, "stock">): Promise<string> {
  await fill(context, "stock-std", BUILD_STD, context.emptyDir);
  return "stock-std";
}

async function stockProgram(context: Omit<BenchContext, "stock">): ReturnType<Stock["program"]> {
  const { dir } = context;
  const prefix = "stock-program";
  const program = await realProgram(dir.join("program"));
  await fill(context, prefix, buildProgram(program.mainPackage, dir.join("stock-program.out")), program.dir);
  return { prefix, program };
}

/** Fills the bucket below `prefix`, in both layouts, from a separate machine. */
export async function fill(
  context: Omit<BenchContext, "stock">,
  prefix: string,
  commands: string[][],
  cwd: string,
): Promise<void> {
  console.error(`  filling ${prefix}`);
  const flags = bucketFlags(context, { prefix, layout: "both", endpoint: context.server.endpoint });
  await onRunner(context, { name: `fill-${prefix}`, flags }, (machine) =>
    measure(machine, commands, { cwd }),
  );
}
