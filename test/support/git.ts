import { expect } from "bun:test";

const IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.com"];

/** Runs git in `cwd` without anybody's settings; fails the test when it fails. Returns what it printed. */
export function git(cwd: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const { stdout, stderr, exitCode } = Bun.spawnSync(["git", ...IDENTITY, ...args], { cwd, env });
  expect({ stderr: stderr.toString(), exitCode }).toMatchObject({ exitCode: 0 });
  return stdout.toString();
}

/** A new repository at `cwd`, with all that is there in one commit. */
export function commitAll(cwd: string): void {
  git(cwd, "init", "--quiet", "--initial-branch=main");
  git(cwd, "add", "--all");
  git(cwd, "commit", "--quiet", "--message=all");
}
