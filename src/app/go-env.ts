/** Runs `go env`, for commands that go did not start. */

type Env = Record<string, string | undefined>;

/** The variables that go sets for its helper. */
const HELPER_NAMES = ["GOCACHE", "GOOS", "GOARCH", "GOVERSION"];

const MODULE_NAMES = ["GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB"] as const;

const CHECKOUT_NAMES = ["GOMOD", "GOWORK", "GOMODCACHE", "GOFLAGS"] as const;

/** Where go is, and where it keeps modules. */
export type GoCheckout = Record<(typeof CHECKOUT_NAMES)[number], string>;

/** go's settings for modules, from its environment or `go env -w`. */
export type GoSettings = Record<(typeof MODULE_NAMES)[number], string>;

/** Adds the variables that go sets for its helper, where missing; without a go on the PATH, returns `env` unchanged. */
export function withGoEnv(env: Env): Env {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => !isEmpty(name, value)));
  if (HELPER_NAMES.every((name) => given[name] !== undefined)) return env;
  return { ...runGoEnv(HELPER_NAMES, env), ...given };
}

/** go takes an empty variable for a missing one. */
function isEmpty(name: string, value: string | undefined): boolean {
  return value === "" && HELPER_NAMES.some((each) => each === name);
}

/** What go says of this directory; `undefined`: there is no go on the PATH. No other release of go is fetched for that. */
export function readGoCheckout(env: Env): GoCheckout | undefined {
  return runGoEnv(CHECKOUT_NAMES, { ...env, GOTOOLCHAIN: "local" });
}

/** The settings as go sees them; without a go on the PATH, those in `env` alone. */
export function readGoSettings(env: Env): GoSettings {
  const inEnv = Object.fromEntries(MODULE_NAMES.map((name) => [name, env[name] ?? ""])) as GoSettings;
  return moduleSettings(env) ?? inEnv;
}

/** The default of GOPROXY; `undefined`: there is no go on the PATH. */
export function readStockGoProxy(env: Env): string | undefined {
  return moduleSettings({ ...env, GOENV: "off", GOPROXY: "" })?.GOPROXY;
}

function moduleSettings(env: Env): GoSettings | undefined {
  // No other release of go, downloaded through the proxy that is only starting.
  return runGoEnv(MODULE_NAMES, { ...env, GOTOOLCHAIN: "local" }, "/");
}

function runGoEnv<Name extends string>(
  names: readonly Name[],
  env: Env,
  cwd?: string,
): Record<Name, string> | undefined {
  try {
    const go = Bun.spawnSync(["go", "env", "-json", ...names], {
      // Without a helper: that would be this program again.
      env: { ...env, GOCACHEPROG: "" },
      ...(cwd === undefined ? {} : { cwd }),
      stderr: "ignore",
    });
    return JSON.parse(go.stdout.toString());
  } catch {
    return undefined;
  }
}
