import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { plainEnv } from "../../../support/process.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { programPath } from "../program.ts";

/** Runs the program on a new terminal, with stderr to a file, and returns the output of both. */
async function runOnTerminal(
  args: string[],
): Promise<{ terminal: string; stderr: string; exitCode: number }> {
  await using dir = tempDir("terminal");
  let terminal = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(["sh", "-c", 'exec "$@" 2>"$0"', dir.join("stderr"), programPath(), ...args], {
    env: plainEnv({ GOCACHE_DIR: dir.join("cache") }),
    terminal: {
      data: (_, bytes) => {
        terminal += decoder.decode(bytes, { stream: true });
      },
    },
  });
  const exitCode = await child.exited;
  return { terminal, stderr: readFileSync(dir.join("stderr"), "utf8"), exitCode };
}

test("a bad flag comes before the explanation", async () => {
  const { stderr, exitCode } = await runOnTerminal(["--nonsense"]);
  expect(stderr).toStartWith("go-cache-plugin: unknown flag --nonsense\n");
  expect(exitCode).toBe(2);
});

test("direct mode on a terminal prints how to use it instead of waiting", async () => {
  expect(await runOnTerminal([])).toEqual({
    terminal: "",
    stderr: `The go command starts go-cache-plugin; do not start it by hand. To use it:
  export GOCACHEPROG="go-cache-plugin --bucket=my-bucket" && go build ./...
run "go-cache-plugin help" for more
`,
    exitCode: 2,
  });
});
