import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { exportLine } from "../../../src/cli/text/quote.ts";
import { formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { plainEnv, run, userEnv } from "../../support/process.ts";
import { provideShell } from "../../support/shells.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { programPath, runProgram } from "./program.ts";

const SECRET = { seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) };

/** Values that need quoting in some shell. */
const HARD = [
  "a b",
  "it's",
  'say "x"',
  "$HOME `id` $(id)",
  "back\\slash\\",
  "a;b&c|d>e",
  "*?[a]",
  "ünï",
  "-n",
  "!x",
];

describe("a variable keeps its value in a real shell:", () => {
  test.each(["sh", "bash"] as const)("%s", async (shell) => {
    for (const value of HARD) {
      const script = `${exportLine(shell, "GOCACHE_PROJECT", value)}printenv GOCACHE_PROJECT`;
      const outcome = await run([shell, "-c", script], { env: plainEnv() });
      expect(outcome).toEqual({ stdout: `${value}\n`, stderr: "", exitCode: 0 });
    }
  });

  test.each(["zsh", "fish"] as const)("%s", async (shell) => {
    const { program, env } = await provideShell(shell);
    const plain = shell === "zsh" ? "-f" : "--no-config";
    for (const value of HARD) {
      const script = `${exportLine(shell, "GOCACHE_PROJECT", value)}printenv GOCACHE_PROJECT`;
      const outcome = await run([program, plain, "-c", script], { env: plainEnv(env) });
      expect(outcome).toEqual({ stdout: `${value}\n`, stderr: "", exitCode: 0 });
    }
  });
});

test("PowerShell, which is not available here: single quotes as in its manual", () => {
  expect(exportLine("powershell", "A", "it's $x")).toBe("$env:A = 'it''s $x'\n");
});

test("prints valid options given by flag or variable, in the order of the options", async () => {
  const outcome = await runProgram(["env", "--prefix=my team", "--metrics"], {
    GOCACHE_S3_BUCKET: "some-bucket",
    GOCACHE_KEY_PREFIX: "other",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  expect(outcome).toEqual({
    stdout: `export GOCACHEPROG=${programPath()}
export GOCACHE_S3_BUCKET=some-bucket
export GOCACHE_KEY_PREFIX='my team'
export GOCACHE_METRICS=true
`,
    stderr: "",
    exitCode: 0,
  });
});

test("with --plugin go starts connect", async () => {
  const { stdout } = await runProgram(["env", "--plugin=5930"]);
  expect(stdout).toBe(`export GOCACHEPROG='${programPath()} connect'\nexport GOCACHE_PLUGIN=5930\n`);
});

test("names the program if PATH leads to it, else its path, quoted for go", async () => {
  using dir = tempDir("env");
  mkdirSync(dir.join("my tools"));
  const program = dir.join("my tools", "go-cache-plugin");
  copyFileSync(programPath(), program);
  const plain = userEnv();
  const found = await run([program, "env"], {
    env: { ...plain, PATH: `${dir.join("my tools")}:${plain.PATH}` },
  });
  expect(found.stdout).toBe("export GOCACHEPROG=go-cache-plugin\n");
  const elsewhere = await run([program, "env"], { env: plain });
  expect(elsewhere.stdout).toBe(`export GOCACHEPROG=''\\''${program}'\\'''\n`);
  // go gets the path in quotes.
  const script = `eval "$1"; printenv GOCACHEPROG`;
  const read = await run(["sh", "-c", script, "sh", elsewhere.stdout], { env: plain });
  expect(read.stdout).toBe(`'${program}'\n`);
});

describe("a secret is not printed but named in a comment,", () => {
  const secret = formatSecretKey(SECRET);
  const env = {
    GOCACHE_SIGN_KEY: secret,
    GOCACHE_UPSTREAM: "https://user:hunter2@proxy.example.com|direct",
    GOCACHE_S3_BUCKET: "some-bucket",
  };

  test.each(["sh", "bash", "zsh", "fish", "powershell"])("%s", async (shell) => {
    const { stdout } = await runProgram(["env", `--shell=${shell}`], env);
    expect(stdout).not.toMatch(/gocache-secret|hunter2/);
    expect(stdout.split("\n").filter((line) => line.startsWith("#"))).toEqual([
      "# GOCACHE_SIGN_KEY holds a secret and is not printed. Set it from your secret store.",
      "# GOCACHE_UPSTREAM holds a secret and is not printed. Set it from your secret store.",
    ]);
  });

  test.each(["sh", "zsh", "fish"] as const)("which %s ignores", async (shell) => {
    const { program, env: own } = shell === "sh" ? { program: "sh", env: {} } : await provideShell(shell);
    const { stdout } = await runProgram(["env", `--shell=${shell}`], env);
    const plain = { sh: [], zsh: ["-f"], fish: ["--no-config"] }[shell];
    const script = `${stdout}printenv GOCACHE_S3_BUCKET`;
    const outcome = await run([program, ...plain, "-c", script], { env: plainEnv(own) });
    expect(outcome).toEqual({ stdout: "some-bucket\n", stderr: "", exitCode: 0 });
  });

  test("the path of a key file is not a secret", async () => {
    using dir = tempDir("env");
    const file = dir.join("ci.key");
    writeFileSync(file, secret);
    expect((await runProgram(["env", `--sign-key=${file}`])).stdout).toContain(
      `export GOCACHE_SIGN_KEY=${file}\n`,
    );
  });
});
