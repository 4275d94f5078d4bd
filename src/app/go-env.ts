/** The variables that go sets for its helper, for commands that go did not start. */
const NAMES = ["GOCACHE", "GOOS", "GOARCH", "GOVERSION"];

/** Completes `env` with the values of `go env`; without a go on the PATH, returns it unchanged. */
export function withGoEnv(env: Record<string, string | undefined>): Record<string, string | undefined> {
  if (NAMES.every((name) => env[name] !== undefined)) return env;
  try {
    // Without a helper: that would be this program again.
    const go = Bun.spawnSync(["go", "env", "-json", ...NAMES], {
      env: { ...env, GOCACHEPROG: "" },
      stderr: "ignore",
    });
    return { ...JSON.parse(go.stdout.toString()), ...env };
  } catch {
    return env;
  }
}
