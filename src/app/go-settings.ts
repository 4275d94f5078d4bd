/** go's settings for modules, from its environment or `go env -w`. */
const NAMES = ["GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB"] as const;

export type GoSettings = Record<(typeof NAMES)[number], string>;

/** The settings as go sees them; without a go on the PATH, those in `env` alone. */
export function readGoSettings(env: Record<string, string | undefined>): GoSettings {
  return goEnv(env) ?? (Object.fromEntries(NAMES.map((name) => [name, env[name] ?? ""])) as GoSettings);
}

/** The default of GOPROXY; `undefined`: there is no go on the PATH. */
export function readStockGoProxy(env: Record<string, string | undefined>): string | undefined {
  return goEnv({ ...env, GOENV: "off", GOPROXY: "" })?.GOPROXY;
}

function goEnv(env: Record<string, string | undefined>): GoSettings | undefined {
  try {
    const go = Bun.spawnSync(["go", "env", "-json", ...NAMES], {
      // No helper, and no other release of go downloaded through the proxy that is only starting.
      env: { ...env, GOCACHEPROG: "", GOTOOLCHAIN: "local" },
      cwd: "/",
      stderr: "ignore",
    });
    return JSON.parse(go.stdout.toString());
  } catch {
    return undefined;
  }
}
