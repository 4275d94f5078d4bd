/** Runs `doctor` of the compiled executable. */
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CheckedFinding, Severity } from "../../../src/app/doctor/check.ts";
import { binaryPath, gocacheprog } from "../../support/binary.ts";
import { chainModule } from "../../support/go-project.ts";
import { goEnv, NEWEST_GO } from "../../support/go-toolchain.ts";
import { run } from "../../support/process.ts";
import type { S3Server } from "../../support/s3-server.ts";

export interface Diagnosis {
  severity: Severity;
  findings: CheckedFinding[];
  exitCode: number;
}

/** One machine with a module, as a user has it. */
export class Subject {
  readonly cwd: string;
  /** The variables; `undefined`: not set. */
  env: Record<string, string | undefined>;
  /** Secrets that must not appear in the output. */
  readonly #secrets: string[] = [];

  private constructor(cwd: string, env: Record<string, string | undefined>) {
    this.cwd = cwd;
    this.env = env;
  }

  /** A machine below `dir` where go starts the executable with these flags. */
  static async open(dir: string, flags: string[] = []): Promise<Subject> {
    const gocache = join(dir, "gocache");
    const temp = join(dir, "tmp");
    for (const path of [gocache, temp]) mkdirSync(path, { recursive: true });
    const cwd = chainModule(join(dir, "chain"), { name: "chain", count: 3 });
    const env = await goEnv({ release: NEWEST_GO, gocache, cacheprog: gocacheprog(...flags) });
    // Where helpers of other tests had no room, entries are in the common one.
    return new Subject(cwd, { ...env, HOME: dir, TMPDIR: temp });
  }

  /** The user, by keys. */
  as(user: Record<string, string>): this {
    Object.assign(this.env, user);
    this.#secrets.push(user.AWS_SECRET_ACCESS_KEY ?? "");
    return this;
  }

  with(env: Record<string, string | undefined>): this {
    Object.assign(this.env, env);
    return this;
  }

  /** The variables that are set. */
  get variables(): Record<string, string> {
    const set = Object.entries(this.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return Object.fromEntries(set);
  }

  /** The output of `doctor --json`. */
  async examine(...flags: string[]): Promise<Diagnosis> {
    const { stdout, stderr, exitCode } = await this.run("doctor", "--json", ...flags);
    expect(stderr).toBe("");
    return { ...JSON.parse(stdout), exitCode };
  }

  async run(...args: string[]) {
    const outcome = await run([binaryPath(), ...args], { env: this.variables, cwd: this.cwd, stdin: "" });
    for (const secret of this.#secrets) expect(outcome.stdout + outcome.stderr).not.toContain(secret);
    return outcome;
  }
}

/** Variables that make a server the bucket. */
export function bucketEnv(server: Pick<S3Server, "bucket" | "endpoint">): Record<string, string> {
  return {
    GOCACHE_S3_BUCKET: server.bucket,
    GOCACHE_S3_ENDPOINT_URL: server.endpoint,
    GOCACHE_KEY_PREFIX: "team",
  };
}

/** The findings of one check, the worst first. */
export function findingOf({ findings }: Diagnosis, check: string): CheckedFinding | undefined {
  const order = ["error", "warning", "note", "ok"];
  return findings
    .filter((finding) => finding.check === check)
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))[0];
}

/** Checks with findings that depend on the machine's load. */
const MEASURING = ["latency", "throughput"];

/** The checks with findings of this severity, without those that measure. */
export function checksWith({ findings }: Diagnosis, severity: Severity): string[] {
  return findings
    .filter((finding) => finding.severity === severity && !MEASURING.includes(finding.check))
    .map(({ check }) => check);
}

/** Expects no errors and warnings, except those of checks that measure, on a busy machine. */
export function expectWell(diagnosis: Diagnosis): void {
  expect([checksWith(diagnosis, "error"), checksWith(diagnosis, "warning")]).toEqual([[], []]);
  const isSlow = diagnosis.findings.some(({ severity }) => severity === "warning");
  expect(diagnosis.exitCode).toBe(isSlow ? 3 : 0);
}
