/** The report of `go env`, read once for all checks. */
const NAMES = [
  "GOVERSION",
  "GOCACHE",
  "GOOS",
  "GOARCH",
  "GOCACHEPROG",
  "GOENV",
  "GOROOT",
  "GOTOOLCHAIN",
  "GOPROXY",
  "GOSUMDB",
  "GOMOD",
  "GOWORK",
  "GOMODCACHE",
  "GOFLAGS",
] as const;

/** Another release of go may have to be fetched before it can answer. */
const LIMIT_MS = 20_000;

export type GoFacts =
  | { path: string; settings: Record<(typeof NAMES)[number], string> }
  | { path: string | undefined; problem: string };

/** As the commands in `cwd` would see it: a go.mod there can choose another release. Never rejects. */
export async function askGo(env: Record<string, string | undefined>, cwd: string): Promise<GoFacts> {
  const path = Bun.which("go", { PATH: env.PATH ?? "", cwd });
  if (path === null) return { path: undefined, problem: "there is no go on the PATH" };
  const go = Bun.spawn([path, "env", "-json", ...NAMES], {
    env,
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: LIMIT_MS,
  });
  const [stdout, stderr, exitCode] = await Promise.all([go.stdout.text(), go.stderr.text(), go.exited]);
  if (exitCode === 0) return { path, settings: JSON.parse(stdout) };
  const reason =
    go.signalCode === null ? stderr.trim().split("\n").at(-1) : `no answer within ${LIMIT_MS} ms`;
  return { path, problem: `${path} env fails: ${reason}` };
}
