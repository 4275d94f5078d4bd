import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { FdWriter } from "../../../src/lib/process/fd-writer.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("writes whole messages in order, in UTF-8", () => {
  using dir = tempDir("fd-writer");
  const fd = openSync(dir.join("out"), "w");
  const writer = new FdWriter(fd);
  writer.write("Grüße\n");
  writer.write("x".repeat(1_000_000));
  closeSync(fd);
  expect(readFileSync(dir.join("out"), "utf8")).toBe(`Grüße\n${"x".repeat(1_000_000)}`);
});

test("writes nothing more once writing has failed", () => {
  using dir = tempDir("fd-writer");
  const fd = openSync(dir.join("out"), "w");
  closeSync(fd);
  const writer = new FdWriter(fd);
  writer.write("lost");
  const again = openSync(dir.join("out"), "w");
  expect(again).toBe(fd);
  writer.write("lost as well");
  closeSync(again);
  expect(readFileSync(dir.join("out"), "utf8")).toBe("");
});

/** Runs a program that writes 1 MB to its stdout through a writer; the shell decides what stdout is. */
async function run(script: string): Promise<{ stdout: string; exitCode: number }> {
  const module = JSON.stringify(`${import.meta.dir}/../../../src/lib/process/fd-writer.ts`);
  const program = `const { FdWriter } = await import(${module}); new FdWriter(1).write("x".repeat(1e6)); process.exit(0)`;
  const child = Bun.spawn(["sh", "-c", script, "sh", process.execPath, program], { stderr: "inherit" });
  const stdout = await new Response(child.stdout).text();
  return { stdout, exitCode: await child.exited };
}

testOnPosix("survives a reader that is gone", async () => {
  expect(await run('{ { "$1" -e "$2"; echo "code $?" >&3; } | head -c 10 >/dev/null; } 3>&1')).toEqual({
    stdout: "code 0\n",
    exitCode: 0,
  });
});

testOnLinux("waits for a slow reader of a descriptor that does not block", async () => {
  // dd makes its own end, which is the writer's too, non-blocking.
  const script = '{ dd oflag=nonblock if=/dev/null 2>/dev/null; "$1" -e "$2"; } | cat | wc -c';
  expect(Number((await run(script)).stdout)).toBe(1_000_000);
});
