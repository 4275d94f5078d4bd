import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { isProcessAlive, pidSpace, processStart } from "../../../src/lib/process/process-life.ts";
import { eventually } from "../../support/eventually.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { start } from "../../support/process.ts";

test("knows that a process has ended", async () => {
  const child = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await child.exited;
  expect(isProcessAlive(child.pid)).toBe(false);
});

testOnLinux("counts a zombie as ended", async () => {
  // tail takes the shell's place, and waits for no child.
  await using parent = start(["sh", "-c", "sleep 600 & echo $!; exec tail -f /dev/null"]);
  const pid = Number(await parent.stdoutHas("\n"));
  const parentName = () => readFileSync(`/proc/${parent.pid}/comm`, "latin1");
  await eventually("the shell is gone", () => parentName() === "tail\n");
  expect(isProcessAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
  const state = () => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
  await eventually("the process is a zombie", () => state() === "Z");
  expect(isProcessAlive(pid)).toBe(false);
});

testOnPosix("knows that this process runs, and that another user's does", () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(1)).toBe(true);
});

test("names the same space of process numbers each time", () => {
  expect(pidSpace()).toBe(pidSpace());
  expect(pidSpace()).not.toBe("");
});

testOnLinux("tells when a process began, whatever its name holds", async () => {
  // Its name, in the list of processes, is ") R 1 (".
  const child = Bun.spawn(["sh", "-c", "printf ') R 1 (' > /proc/$$/comm; echo named; read _"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  const start = processStart(child.pid);
  expect(Number(start)).toBeGreaterThanOrEqual(Number(processStart(process.pid)));
  expect(start).toBe(processStart(child.pid));
  child.kill();
  await child.exited;
  expect(processStart(child.pid)).toBeUndefined();
});
