import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { startInBackground } from "../../../src/lib/process/background.ts";
import { plainEnv } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";

const SAY = "process.stdout.write('out '); process.stderr.write('err');";

function say(script: string, log?: string) {
  return startInBackground([process.execPath, "-e", script], plainEnv(), log);
}

describe("a process in the background", () => {
  test("writes all its output to a log that only this user can read", async () => {
    using dir = tempDir("background");
    const log = dir.join("state/one.log");
    expect(await say(SAY, log).exited).toBe(0);
    expect(readFileSync(log, "utf8")).toBe("out err");
    if (process.platform !== "win32") expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  test("has a log of its own: neither an earlier one nor what a link names", async () => {
    using dir = tempDir("background");
    writeFileSync(dir.join("victim"), "kept");
    mkdirSync(dir.join("state"));
    symlinkSync(dir.join("victim"), dir.join("state/one.log"));
    for (const _ of [1, 2]) await say(SAY, dir.join("state/one.log")).exited;
    expect(readFileSync(dir.join("victim"), "utf8")).toBe("kept");
    expect(readFileSync(dir.join("state/one.log"), "utf8")).toBe("out err");
  });

  test("runs without a log", async () => {
    expect(await say(`${SAY} process.exit(3)`).exited).toBe(3);
  });

  test("that can't be started is an error", () => {
    expect(() => startInBackground(["/no/such/program"], plainEnv())).toThrow("ENOENT");
  });
});
