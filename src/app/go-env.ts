/** What go tells its helper by environment, for commands that go did not start. */
const NAMES = ["GOCACHE", "GOOS", "GOARCH", "GOVERSION"];

/** `env` with what `go env` says of the names that are missing. Without a go on the PATH: as it is. */
export function withGoEnv(env: Record<string, string | undefined>): Record<string, string | undefined> {
  if (NAMES.every((name) => env[name] !== undefined)) return env;
  try {
    // No helper of its own: that would be this program again.
    const go = Bun.spawnSync(["go", "env", "-json", ...NAMES], {
      env: { ...env, GOCACHEPROG: "" },
      stderr: "ignore",
    });
    return { ...JSON.parse(go.stdout.toString()), ...env };
  } catch {
    return env;
  }
}
