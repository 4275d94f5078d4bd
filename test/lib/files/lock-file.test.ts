import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { lockFile } from "../../../src/lib/files/lock-file.ts";
import { pidSpace } from "../../../src/lib/process/process-life.ts";
import { age } from "../../buildcache/local-fixture.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { run, start } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(120_000);

const SILENT_MS = 31_000;

/** What a lock says whose holder has that number, in that pid space. */
function heldBy(pid: number, space = pidSpace()): string {
  return `${crypto.randomUUID()} ${pid} ${space}\n`;
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  return Number((await run([process.execPath, "-e", "console.log(process.pid)"])).stdout);
}

function contender(...args: string[]) {
  return start([process.execPath, resolve(import.meta.dir, "lock-contender.ts"), ...args]);
}

/** Takes the lock and releases it; nothing of it stays. */
async function expectFree(dir: TempDir): Promise<void> {
  await (await lockFile(dir.join("lock"), undefined))[Symbol.asyncDispose]();
  expect(readdirSync(dir.path)).toEqual([]);
}

async function expectWait(dir: TempDir): Promise<void> {
  await expect(lockFile(dir.join("lock"), AbortSignal.timeout(100))).rejects.toThrow();
}

test("the lock of a live process is waited for until the signal aborts", async () => {
  using dir = tempDir("lock");
  await using held = await lockFile(dir.join("lock"), undefined);
  await expectWait(dir);
  expect(await held.isHeld()).toBe(true);
});

test.each([
  ["of another machine", async () => heldBy(await deadPid(), "elsewhere")],
  ["whose holder has not named itself yet", async () => ""],
  ["whose line is not complete", async () => heldBy(await deadPid()).slice(0, -1)],
])("a fresh lock %s is waited for", async (_, content) => {
  using dir = tempDir("lock");
  writeFileSync(dir.join("lock"), await content());
  await expectWait(dir);
});

test.each([
  ["of another machine", () => heldBy(1, "elsewhere")],
  ["whose holder never named itself", () => ""],
  ["whose holder's number belongs to another process now", () => heldBy(process.pid)],
])("a lock %s is taken over once it was silent for long", async (_, content) => {
  using dir = tempDir("lock");
  writeFileSync(dir.join("lock"), content());
  age(dir.join("lock"), SILENT_MS);
  await expectFree(dir);
});

test("the lock of a process that was killed is taken over, however fresh it is", async () => {
  using dir = tempDir("lock");
  writeFileSync(dir.join("lock"), heldBy(await deadPid()));
  await using _held = await lockFile(dir.join("lock"), undefined);
  expect(readFileSync(dir.join("lock"), "utf8")).toEndWith(` ${process.pid} ${pidSpace()}\n`);
});

test("a process that was killed while it took over a dead lock blocks nobody", async () => {
  using dir = tempDir("lock");
  const dead = heldBy(await deadPid());
  writeFileSync(dir.join("lock"), dead);
  const id = dead.split(" ")[0];
  for (const attempt of [0, 1]) writeFileSync(dir.join(`lock.${id}.${attempt}`), heldBy(await deadPid()));
  await expectFree(dir);
});

test("a live process that is removing a dead lock is waited for", async () => {
  using dir = tempDir("lock");
  const dead = heldBy(await deadPid());
  writeFileSync(dir.join("lock"), dead);
  writeFileSync(dir.join(`lock.${dead.split(" ")[0]}.0`), heldBy(process.pid));
  await expectWait(dir);
  expect(readFileSync(dir.join("lock"), "utf8")).toBe(dead);
});

test("a released lock is gone, and the next one has it", async () => {
  using dir = tempDir("lock");
  const first = await lockFile(dir.join("lock"), undefined);
  const second = lockFile(dir.join("lock"), undefined);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(readdirSync(dir.path)).toEqual([]);
});

testOnPosix(
  "a holder that was suspended for long knows that it lost its lock, and leaves the next one's alone",
  async () => {
    using dir = tempDir("lock");
    const [lock, gate] = [dir.join("lock"), dir.join("gate")];
    await using first = contender(lock, "hold", gate);
    await first.stdoutHas("held");
    first.signal("SIGSTOP");
    age(lock, SILENT_MS);
    const second = await lockFile(lock, undefined);
    writeFileSync(gate, "");
    first.signal("SIGCONT");
    expect(await first.outcome).toEqual({ stdout: "held\nlost it\n", stderr: "", exitCode: 0 });
    expect(await second.isHeld()).toBe(true);
    await expectWait(dir);
    await second[Symbol.asyncDispose]();
    expect(readdirSync(dir.path)).toEqual(["gate"]);
  },
);

testOnLinux("a lock that a full disk has no room for blocks nobody", async () => {
  using disk = new FullDisk(8 << 10);
  expect(() => writeFileSync(disk.join("all-of-it"), Buffer.alloc(16 << 10))).toThrow("ENOSPC");
  await expect(lockFile(disk.join("lock"), undefined)).rejects.toThrow("ENOSPC");
  expect(existsSync(disk.join("lock"))).toBe(false);
});

test("of six processes that find a dead holder's lock never two are inside, in twelve rounds", async () => {
  using dir = tempDir("lock");
  const [lock, inside, gate] = [dir.join("lock"), dir.join("inside"), dir.join("gate")];
  await using processes = new AsyncDisposableStack();
  const contenders = Array.from({ length: 6 }, () => processes.use(contender(lock, inside, gate, "12")));
  await Promise.all(contenders.map(({ stdoutHas }) => stdoutHas("ready")));
  for (let round = 0; round < 12; round++) {
    {
      await using killed = contender(lock, "hold");
      await killed.stdoutHas("held");
    }
    writeFileSync(`${gate}-${round}`, "");
    await Promise.all(contenders.map(({ stdoutHas }) => stdoutHas(`done ${round}\n`)));
    rmSync(`${gate}-${round}`);
    expect(readdirSync(dir.path)).toEqual([]);
  }
  const stdout = ["ready", ...Array.from({ length: 12 }, (_, round) => `done ${round}`), ""].join("\n");
  const outcomes = await Promise.all(contenders.map(({ outcome }) => outcome));
  expect(outcomes).toEqual(Array(6).fill({ stdout, stderr: "", exitCode: 0 }));
});
