import { expect } from "bun:test";

const IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.com"];

/** Runs git in `cwd` without user and system settings, and returns its output. Fails the test when git fails. */
export function git(cwd: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const { stdout, stderr, exitCode } = Bun.spawnSync(["git", ...IDENTITY, ...args], { cwd, env });
  expect({ stderr: stderr.toString(), exitCode }).toMatchObject({ exitCode: 0 });
  return stdout.toString();
}

/** Creates a repository at `cwd` with all files there in one commit. */
export function commitAll(cwd: string): void {
  git(cwd, "init", "--quiet", "--initial-branch=main");
  git(cwd, "add", "--all");
  git(cwd, "commit", "--quiet", "--message=all");
}
