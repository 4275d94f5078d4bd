/** A trusted job, a reader that trusts it, and an attacker with write access to the bucket but no key. */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { formatPublicKey, parseSecretKey, type SecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { go } from "../../support/go-toolchain.ts";
import { type Machine, newMachine } from "../../support/machine.ts";
import { plainEnv, run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { PackedTeam } from "../packed/packed-team.ts";

const GOOD = "good-marker";
const EVIL = "evil-marker";

/** The initial disk of all machines here: the compiled runtime. */
const WARM = "warm";

/** The same program twice: only the body of one function differs, which is no input of the packages that use it. */
export class TrustedTeam extends PackedTeam {
  readonly good: string;
  readonly evil: string;
  readonly key: SecretKey;
  readonly keyPath: string;
  readonly trustKey: string;
  readonly #base: string;
  readonly #temp: string;

  private constructor(base: string, dir: string, key: SecretKey) {
    super(dir);
    this.#base = base;
    this.#temp = join(dir, "tmp");
    mkdirSync(this.#temp, { recursive: true });
    this.good = program(join(base, "good"), GOOD);
    this.evil = program(join(base, "evil"), EVIL);
    this.key = key;
    this.keyPath = join(base, "sign.key");
    this.trustKey = formatPublicKey(key.publicKey);
  }

  static async open(dir: string): Promise<TrustedTeam> {
    const team = new TrustedTeam(dir, join(dir, "team"), await keygen(join(dir, "sign.key")));
    const warm = writeModule(join(dir, "warm-program"), "example.com/warm", {
      "main.go": "package main\n\nfunc main() { println(0) }\n",
    });
    const machine = newMachine(join(dir, WARM));
    await go(machine, ["build", "-trimpath", "-o", "/dev/null", "./..."], { cwd: warm });
    // It prunes after its last answer, and a file that goes meanwhile can't be copied.
    await settled(machine);
    // The directory for the keys has the same contents.
    const trusted = newMachine(join(dir, `${WARM}-trusted`));
    const part = join(trusted.cacheDir, "trust", team.trustSet);
    cpSync(machine.cacheDir, part, { recursive: true });
    chmodSync(part, 0o700);
    return team;
  }

  /** The name of its part of a cache directory. */
  get trustSet(): string {
    const { cacheDir } = toConfig(resolveSettings(new Map(), { GOCACHE_TRUST_KEYS: this.trustKey }));
    return typeof cacheDir === "object" ? cacheDir.trustSet : "";
  }

  /** The same team with a copy of the bucket. */
  fork(dir: string): TrustedTeam {
    const team = new TrustedTeam(this.#base, dir, this.key);
    cpSync(this.bucket, team.bucket, { recursive: true });
    return team;
  }

  /** Has the key, and so trusts its own signatures. */
  signer(flags: string[] = []): Machine {
    return this.#warm({}, [`--sign-key=${this.keyPath}`, ...flags], `${WARM}-trusted`);
  }

  reader(flags: string[] = []): Machine {
    return this.#warm({ GOCACHE_TRUST_KEYS: this.trustKey }, flags, `${WARM}-trusted`);
  }

  /** Has no keys at all. */
  anybody(flags: string[] = []): Machine {
    return this.#warm({}, flags, WARM);
  }

  /** The fallback directory of this team's machines; it is warm, too. */
  warmFallback(trustSet?: string): void {
    const from = trustSet === undefined ? WARM : `${WARM}-trusted`;
    const dir = join(this.#base, from, "gocache", "go-cache-plugin");
    const part = trustSet === undefined ? dir : join(dir, "trust", trustSet);
    const name = `go-cache-plugin-${process.getuid?.()}${trustSet === undefined ? "" : `-${trustSet}`}`;
    cpSync(part, join(this.#temp, name), { recursive: true });
    chmodSync(join(this.#temp, name), 0o700);
  }

  override newMachine(env: Record<string, string> = {}, flags: string[] = []): Machine {
    return super.newMachine({ TMPDIR: this.#temp, ...env }, flags);
  }

  #warm(env: Record<string, string>, flags: string[], from: string): Machine {
    const machine = this.newMachine(env, flags);
    cpSync(join(this.#base, from, "gocache"), machine.gocache, { recursive: true });
    return machine;
  }

  /** The bytes of the compiled library on a machine. */
  libraryIds(machine: Machine, marker: string): string[] {
    return filesBelow(machine.gocache)
      .filter((name) => /\/output\/..\/[0-9a-f]{64}$/.test(name))
      .filter((name) => {
        const bytes = readFileSync(join(machine.gocache, name));
        return bytes.subarray(0, 8).toString() === "!<arch>\n" && bytes.includes(marker);
      })
      .map((name) => name.slice(name.lastIndexOf("/") + 1));
  }
}

/** Makes a key with the program itself. */
export async function keygen(path: string): Promise<SecretKey> {
  await run([binaryPath(), "keygen", path], { env: plainEnv() });
  const key = parseSecretKey(readFileSync(path, "utf8"));
  if (key === undefined) throw new Error(`no key in ${path}`);
  return key;
}

/** Builds, and returns the program's output and the number of compiled packages. */
export async function buildAndRun(machine: Machine, project: string) {
  // go considers an existing program up to date.
  rmSync(join(project, "app"), { force: true });
  const outcome = await go(machine, ["build", "-x", "-trimpath", "-o", "app", "."], { cwd: project });
  await settled(machine);
  const said = await run([join(project, "app")], { env: plainEnv() });
  const compiles = outcome.stderr.match(/^\S*\/compile -o /gm)?.length ?? 0;
  const helper = outcome.stderr.split("\n").filter((line) => line.startsWith("go-cache-plugin:"));
  return { exitCode: outcome.exitCode, says: said.stderr.trim(), compiles, helper };
}

function program(dir: string, marker: string): string {
  return writeModule(dir, "example.com/target", {
    "main.go": `package main

import "example.com/target/lib"

func main() { println(lib.Name()) }
`,
    "lib/lib.go": `package lib

//go:noinline
func Name() string { return "${marker}" }
`,
  });
}

export { EVIL, GOOD };
