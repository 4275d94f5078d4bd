/**
 * `npm run demo [-- --s3]`: the main use case. Builds a real program on "machine one" with an empty bucket, on
 * "machine two" with an empty disk and the same bucket, and there again. The bucket is a directory, or with `--s3`
 * one of a real S3 server on this machine.
 */
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { commandLine, s3Flags } from "../support/binary.ts";
import { type GoOutcome, go, metricsOf } from "../support/go-toolchain.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { type ProgramSource, type RealProgram, realProgram } from "../support/real-program.ts";
import { startS3Server } from "../support/s3-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** Go's debugger: nearly 300 packages, most of them Go's own, so that few modules must be fetched. */
const PROGRAM: ProgramSource = {
  module: "github.com/go-delve/delve@v1.26.0",
  mainPackage: "./cmd/dlv",
};

/** The bucket that both machines share, and its counters in the helper. */
interface Bucket extends AsyncDisposable {
  flags: string[];
  env: Record<string, string>;
  columns: { title: string; show: (counts: Record<string, number>) => string }[];
}

async function main(isS3: boolean): Promise<void> {
  await using dir = tempDir("demo");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopAt(signal, dir));
  await using bucket = isS3 ? await s3Bucket() : directoryBucket(dir);
  console.log(`fetching the source of ${PROGRAM.module} and its modules`);
  const program = await realProgram(dir.join("source"), PROGRAM);
  const options = { flags: [...bucket.flags, "--metrics=json"], env: bucket.env };
  const one = newMachine(dir.join("one"), options);
  const two = newMachine(dir.join("two"), options);
  console.log(`GOCACHEPROG="${commandLine(["go-cache-plugin", ...bucket.flags])}"`);

  const row = async (name: string, machine: Machine, output: string) => {
    console.log(`building on ${name}`);
    return rowOf(name, await build(machine, program, output), bucket);
  };
  const rows = [
    await row("machine one, nothing cached anywhere", one, dir.join("one.bin")),
    await row("machine two, empty disk, warm bucket", two, dir.join("two.bin")),
    await row("machine two again, local disk", two, dir.join("two.bin")),
  ];
  const header = ["build", "wall", "hits", ...bucket.columns.map(({ title }) => title)];
  console.log(`\n${markdownTable(header, rows)}\n`);
  await compare(dir.join("one.bin"), dir.join("two.bin"));
  if (!isS3) console.log("The same with a real S3 server: npm run demo -- --s3");
}

/** Removes all files. The go command got the same signal from the terminal. */
function stopAt(signal: "SIGINT" | "SIGTERM", dir: TempDir): never {
  dir[Symbol.dispose]();
  process.exit(signal === "SIGINT" ? 130 : 143);
}

function directoryBucket(dir: TempDir): Bucket {
  return {
    flags: [`--bucket=${pathToFileURL(dir.join("bucket")).href}`],
    env: {},
    columns: [
      byteColumn("from the bucket", "prefetch_bytes"),
      byteColumn("to the bucket", "put_remote_bytes"),
    ],
    async [Symbol.asyncDispose]() {},
  };
}

async function s3Bucket(): Promise<Bucket> {
  console.log("starting an S3 server (built on first use, which takes minutes)");
  const server = await startS3Server();
  return {
    flags: s3Flags(server, { layout: "packed" }),
    env: server.env,
    columns: [
      { title: "S3 requests", show: (counts) => String(counts.s3_requests ?? 0) },
      byteColumn("from S3", "s3_bytes_received"),
      byteColumn("to S3", "s3_bytes_sent"),
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function byteColumn(title: string, counter: string): Bucket["columns"][number] {
  return { title, show: (counts) => formatByteSize(counts[counter] ?? 0) };
}

async function build(machine: Machine, program: RealProgram, output: string): Promise<GoOutcome> {
  const args = ["build", "-trimpath", "-buildvcs=false", "-o", output, program.mainPackage];
  const outcome = await go(machine, args, { cwd: program.dir });
  if (outcome.exitCode !== 0) throw new Error(`go build failed:\n${outcome.stderr}`);
  return outcome;
}

function rowOf(name: string, outcome: GoOutcome, { columns }: Bucket): string[] {
  const counts = metricsOf(outcome);
  const { get = 0, get_local_hit: localHits = 0, get_remote_hit: remoteHits = 0 } = counts;
  return [
    name,
    `${(outcome.elapsedMs / 1000).toFixed(1)} s`,
    `${localHits + remoteHits} of ${get}`,
    ...columns.map(({ show }) => show(counts)),
  ];
}

async function compare(one: string, two: string): Promise<void> {
  const isSame = Buffer.from(await Bun.file(one).bytes()).equals(await Bun.file(two).bytes());
  console.log(isSame ? "Both machines made the same binary, byte for byte." : "The two binaries differ!");
  if (!isSame) process.exitCode = 1;
}

function isS3Wanted(): boolean {
  try {
    return parseArgs({ options: { s3: { type: "boolean", default: false } } }).values.s3;
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run demo [-- --s3]`);
    process.exit(2);
  }
}

const isS3 = isS3Wanted();
await main(isS3).catch((error: Error) => {
  console.error(`The demo failed: ${error.message}`);
  process.exitCode = 1;
});
