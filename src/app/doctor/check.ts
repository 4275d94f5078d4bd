/** What doctor is made of: checks, each of which looks at one thing, and what they find. */
import type { ListenAddress } from "../../lib/network/listen-address.ts";
import type { CacheDir } from "../cache-dir/cache-dir.ts";
import type { Config } from "../config.ts";
import type { Greeted } from "../connect/greeted.ts";
import type { Bucket } from "./bucket/bucket.ts";
import type { CacheprogLine } from "./cacheprog-line.ts";
import type { GoFacts } from "./go-facts.ts";

/** From the best to the worst. */
export const SEVERITIES = ["ok", "note", "warning", "error"] as const;

/** `note`: worth knowing, nothing to mend; `warning`: works, but worse than it could; `error`: does not work. */
export type Severity = (typeof SEVERITIES)[number];

/** What a check found out. */
export interface Finding {
  severity: Severity;
  /** What is the case and why; one line. Never a secret. */
  message: string;
  /** What to do about it; one line. */
  remedy?: string;
  /** The same for programs. */
  data?: Record<string, unknown>;
}

/** A finding and the name of its check. */
export interface CheckedFinding extends Finding {
  check: string;
}

/** Looks at one thing. */
export interface Check {
  /** One or two words. */
  readonly name: string;
  /** A check that finds an error here is not made: it would say the same once more. */
  readonly needs?: readonly Check[];
  /** What nothing is found in when there is nothing to look at. Rejects for what it can't explain. */
  run(subject: Subject, signal: AbortSignal): Finding[] | Promise<Finding[]>;
}

/** What is looked at. */
export interface Subject {
  config: Config;
  /** With what `go env` says of GOCACHE, GOOS, GOARCH and GOVERSION. */
  env: Record<string, string | undefined>;
  /** An absolute path. */
  cwd: string;
  go: GoFacts;
  /** `undefined`: GOCACHEPROG is not set. */
  cacheprog: CacheprogLine | undefined;
  cacheprogUse: CacheprogUse;
  /** The path of this executable. */
  program: string;
  /** The process that listens at the server's address; `undefined`: there is none, or no address is set. */
  greeted: Greeted | undefined;
  /** The one that go's helper uses. */
  dir: CacheDir;
  /** `undefined`: no bucket is configured, or none that can be one. */
  bucket: Bucket | undefined;
  bucketProblem: string | undefined;
  /** What can't be read and may say which bucket go uses, so that any other one would be a wrong guess. */
  unread: string | undefined;
}

/** What this program would do when started with the arguments in GOCACHEPROG. */
export interface CacheprogUse {
  /** Why it would refuse them. */
  problem: string | undefined;
  /** The server that it, or the settings, name. */
  server: { address: ListenAddress; isUsed: boolean; isFallback: boolean } | undefined;
}
