/** Runs `go env`, for commands that go did not start. */

type Env = Record<string, string | undefined>;

/** The variables that go sets for its helper. */
const HELPER_NAMES = ["GOCACHE", "GOOS", "GOARCH", "GOVERSION"] as const;

const MODULE_NAMES = ["GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB"] as const;

const CHECKOUT_NAMES = ["GOMOD", "GOWORK", "GOMODCACHE", "GOFLAGS"] as const;

/** What go fetches and checks another release by. */
const INSTALLED_NAMES = ["GOHOSTOS", "GOHOSTARCH", "GOSUMDB"] as const;

/** Where go is, and where it keeps modules. */
export type GoCheckout = Record<(typeof CHECKOUT_NAMES)[number], string>;

/** The go that has answered, the platform that it runs on, and the checksum database that it asks. */
export type GoInstalled = Record<"GOVERSION" | (typeof INSTALLED_NAMES)[number], string>;

/** go's settings for modules, from its environment or `go env -w`. */
export type GoSettings = Record<(typeof MODULE_NAMES)[number], string>;

/** What go says of itself and of a directory. */
export interface GoHere {
  /** With the variables that go sets for its helper, as far as they are known. */
  env: Env;
  /** `undefined`: go did not say. */
  checkout: GoCheckout | undefined;
  installed: GoInstalled | undefined;
  /** What go said instead; `undefined`: it did not fail, or there is none on the PATH. */
  failure: string | undefined;
}

/**
 * Adds the variables that go sets for its helper, where missing; without a go on the PATH, returns `env` unchanged. Go may
 * have to fetch another release to say which one it is, as the next go command would.
 */
export function withGoEnv(env: Env): Env {
  const given = withoutEmpty(env);
  if (hasAll(given)) return env;
  return { ...askGo(HELPER_NAMES, env).values, ...given };
}

/** The same for GOCACHE alone. No release of go is fetched for that. */
export function withGoCache(env: Env): Env {
  const given = withoutEmpty(env);
  if (given.GOCACHE !== undefined) return env;
  return { ...askGo(["GOCACHE"], byLocalGo(env)).values, ...given };
}

/**
 * Asks go once, in `cwd`. `needsRelease`: whether GOVERSION has to be that of the job's go, for which go may have to fetch
 * it.
 */
export function readGoHere(
  outer: Env,
  { cwd, needsRelease }: { cwd: string; needsRelease: boolean },
): GoHere {
  const given = withoutEmpty(outer);
  const env = needsRelease && !hasAll(given) ? outer : byLocalGo(outer);
  const { values, failure } = askGo([...HELPER_NAMES, ...CHECKOUT_NAMES, ...INSTALLED_NAMES], env, cwd);
  if (values === undefined) return { env: given, checkout: undefined, installed: undefined, failure };
  const { GOCACHE, GOOS, GOARCH, GOVERSION, ...rest } = values;
  const { GOHOSTOS, GOHOSTARCH, GOSUMDB, ...checkout } = rest;
  const installed = { GOVERSION, GOHOSTOS, GOHOSTARCH, GOSUMDB };
  return { env: { GOCACHE, GOOS, GOARCH, GOVERSION, ...given }, checkout, installed, failure };
}

/**
 * GOTOOLCHAIN as go sees it. For this alone go fetches no release. Empty: go has none, as before Go 1.21; `undefined`: it does
 * not say.
 */
export function readGoToolchain(env: Env, cwd: string): string | undefined {
  return env.GOTOOLCHAIN || runGo(["GOTOOLCHAIN"], env, cwd).stdout?.trim();
}

/** Without those of the helper's variables that are empty: go takes them for missing. */
export function withoutEmpty(env: Env): Env {
  const isEmpty = (name: string) => env[name] === "" && HELPER_NAMES.some((each) => each === name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isEmpty(name)));
}

function hasAll(given: Env): boolean {
  return HELPER_NAMES.every((name) => given[name] !== undefined);
}

/** Only GOVERSION depends on the release that go.mod and GOTOOLCHAIN choose. A go that is too old for go.mod answers, too. */
function byLocalGo(env: Env): Env {
  return { ...env, GOTOOLCHAIN: "local" };
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
  return askGo(MODULE_NAMES, byLocalGo(env), "/").values;
}

function askGo<Name extends string>(
  names: readonly Name[],
  env: Env,
  cwd?: string,
): { values: Record<Name, string> | undefined; failure: string | undefined } {
  const { stdout, failure } = runGo(["-json", ...names], env, cwd);
  return { values: stdout === undefined ? undefined : JSON.parse(stdout), failure };
}

/** Runs `go env`. `failure`: what go says instead; `undefined`: there is none on the PATH. */
function runGo(
  args: readonly string[],
  env: Env,
  cwd?: string,
): { stdout: string | undefined; failure: string | undefined } {
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["go", "env", ...args], {
      // Without a helper: that would be this program again.
      env: { ...env, GOCACHEPROG: "" },
      ...(cwd === undefined ? {} : { cwd }),
    });
    if (exitCode === 0) return { stdout: stdout.toString(), failure: undefined };
    const lines = stderr.toString().trim().split("\n");
    // The last line may only say where to read more.
    const failure = lines.findLast((line) => !line.startsWith("Run 'go help"));
    return { stdout: undefined, failure };
  } catch {
    return { stdout: undefined, failure: undefined };
  }
}
