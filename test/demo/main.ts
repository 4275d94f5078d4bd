/**
 * `npm run demo`: the main job, for real. Builds a program of several hundred packages (versitygw) on "machine one"
 * with an empty bucket, on "machine two" with an empty disk and the same bucket, and there once more. The bucket is in
 * a real S3 server on this machine.
 */
import { formatByteSize } from "../../src/lib/byte-size.ts";
import { s3Flags } from "../support/binary.ts";
import { type GoOutcome, go, metricsOf } from "../support/go-toolchain.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { type RealProgram, realProgram } from "../support/real-program.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";

async function main(): Promise<void> {
  await using dir = tempDir("demo");
  console.log("starting an S3 server (built on first use)");
  await using server = await startS3Server();
  console.log("fetching the program's source and its modules");
  const program = await realProgram(dir.join("source"));
  const flags = [...s3Flags(server, { layout: "packed" }), "--metrics=json"];
  const one = newMachine(dir.join("one"), { flags, env: server.env });
  const two = newMachine(dir.join("two"), { flags, env: server.env });

  const rows = [
    await build("machine one, nothing cached anywhere", one, program, dir.join("one.bin")),
    await build("machine two, empty disk, warm bucket", two, program, dir.join("two.bin")),
    await build("machine two again, local disk", two, program, dir.join("two.bin")),
  ];
  console.log(`\n${markdownTable(["build", "wall", "hits", "S3 requests", "from S3", "to S3"], rows)}\n`);
  await compare(dir.join("one.bin"), dir.join("two.bin"));
}

async function build(
  name: string,
  machine: Machine,
  program: RealProgram,
  output: string,
): Promise<string[]> {
  console.log(`building on ${name}`);
  const args = ["build", "-trimpath", "-buildvcs=false", "-o", output, program.mainPackage];
  return row(name, await go(machine, args, { cwd: program.dir }));
}

function row(name: string, outcome: GoOutcome): string[] {
  if (outcome.exitCode !== 0) throw new Error(`go build failed:\n${outcome.stderr}`);
  const counts = metricsOf(outcome);
  const of = (counter: string) => counts[counter] ?? 0;
  return [
    name,
    `${(outcome.elapsedMs / 1000).toFixed(1)} s`,
    `${of("get_local_hit") + of("get_remote_hit")} of ${of("get")}`,
    String(of("s3_requests")),
    formatByteSize(of("s3_bytes_received")),
    formatByteSize(of("s3_bytes_sent")),
  ];
}

async function compare(one: string, two: string): Promise<void> {
  const isSame = Buffer.from(await Bun.file(one).bytes()).equals(await Bun.file(two).bytes());
  console.log(isSame ? "Both machines made the same binary, byte for byte." : "The two binaries differ!");
  if (!isSame) process.exitCode = 1;
}

await main();
