/** What go commands in a row lose to an S3 that is in trouble, and what the user hears. Single faults: `faults.test.ts`. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { operationOf, s3Error } from "../support/faults.ts";
import { chainModule } from "../support/go-project.ts";
import { go, helperLines } from "../support/go-toolchain.ts";
import { newMachine } from "../support/machine.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const COMMANDS = [
  ["build", "-o", "/dev/null", "."],
  ["vet", "./..."],
  ["list", "-export", "./..."],
];

let dir: TempDir;
let s3: S3Server;
let proxy: FaultProxy;
let project: string;

beforeEach(async () => {
  dir = tempDir("trouble");
  s3 = await startS3Server();
  proxy = await FaultProxy.start({ target: s3.endpoint });
  project = chainModule(dir.join("project"), { name: "trouble", count: 8 });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

function machine(...more: string[]) {
  const flags = s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint });
  return newMachine(dir.join("machine"), { flags: [...flags, ...more], env: s3.env });
}

test("a bucket that may not be listed is done without, and the first command says so", async () => {
  proxy.fail((request) => operationOf(request) === "list", s3Error(403));
  for (const [index, args] of COMMANDS.entries()) {
    const outcome = await go(machine(), args, { cwd: project });
    expect(outcome.exitCode).toBe(0);
    const said = index === 0 ? [expect.stringContaining("s3:ListBucket is not granted")] : [];
    expect(helperLines(outcome)).toEqual(said);
  }
});

test("20 go commands in a row with an S3 that hangs all do their work", async () => {
  proxy.fail(() => true, { kind: "hang" });
  const exitCodes: number[] = [];
  for (let index = 0; index < 20; index++) {
    const args = COMMANDS[index % COMMANDS.length] ?? [];
    exitCodes.push((await go(machine("--remote-timeout=1s"), args, { cwd: project })).exitCode);
  }
  expect(exitCodes).toEqual(Array(20).fill(0));
});
