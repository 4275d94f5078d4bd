import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { tempDir } from "../support/temp-dir.ts";

const MODULE = JSON.stringify(`${import.meta.dir}/../../src/app/close-output.ts`);

/** Runs a program in which `closeOutput` and the file system are at hand. */
function spawn(body: string): Bun.Subprocess<"pipe", "pipe", "pipe"> {
  const program = `const { closeOutput } = await import(${MODULE}); const fs = await import("node:fs"); ${body}`;
  return Bun.spawn([process.execPath, "-e", program], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
}

test("readers of stdout and stderr see their end while the program runs on", async () => {
  const child = spawn(
    'fs.writeSync(1, "last"); closeOutput(); fs.readSync(0, new Uint8Array(1)); process.exit(7)',
  );
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
  expect(await Promise.all(texts)).toEqual(["last", ""]);
  expect(child.exitCode).toBe(null);
  child.stdin.end();
  expect(await child.exited).toBe(7);
});

test("what is written later goes nowhere, not into a file opened since", async () => {
  using dir = tempDir("close-output");
  const path = JSON.stringify(dir.join("file"));
  const child = spawn(
    `closeOutput(); const fd = fs.openSync(${path}, "w"); fs.writeSync(fd, "data"); console.log("x"); console.error("x"); fs.writeSync(1, "x"); fs.writeSync(2, "x"); process.exit(fd > 2 ? 0 : 1)`,
  );
  expect(await child.exited).toBe(0);
  expect(readFileSync(dir.join("file"), "utf8")).toBe("data");
});

test("is harmless twice, and when they were closed from the start", async () => {
  const child = spawn("fs.closeSync(1); fs.closeSync(2); closeOutput(); closeOutput(); process.exit(0)");
  expect(await child.exited).toBe(0);
});
