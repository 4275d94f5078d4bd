/** The checks of doctor, and their findings. */
import type { ListenAddress } from "../../lib/network/listen-address.ts";
import type { CacheDir } from "../cache-dir/cache-dir.ts";
import type { Config } from "../config.ts";
import type { Greeted } from "../connect/greeted.ts";
import type { CacheName } from "../native/native-caches.ts";
import type { Bucket } from "./bucket/bucket.ts";
import type { CacheprogLine } from "./cacheprog-line.ts";
import type { GoFacts } from "./go-facts.ts";

/** From the best to the worst. */
export const SEVERITIES = ["ok", "note", "warning", "error"] as const;

/** `note`: worth knowing, nothing to mend; `warning`: works, but worse than it could; `error`: does not work. */
export type Severity = (typeof SEVERITIES)[number];

/** A result of a check. */
export interface Finding {
  severity: Severity;
  /** The fact and its reason; one line, without secrets. */
  message: string;
  /** The advice to the user; one line. */
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
  /** After an error of one of these, this check is skipped: it would report the same. */
  readonly needs?: readonly Check[];
  /** No findings: there is nothing to check. Rejects with a failure that it can't explain. */
  run(subject: Subject, signal: AbortSignal): Finding[] | Promise<Finding[]>;
}

/** The setup under examination. */
export interface Subject {
  config: Config;
  /** With the values of `go env` for GOCACHE, GOOS, GOARCH and GOVERSION. */
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
  /** The cache directory of go's helper. */
  dir: CacheDir;
  /** The caches that `restore` was about in this run of the job. */
  restored: ReadonlySet<CacheName>;
  /** `undefined`: no bucket is configured, or none that can be one. */
  bucket: Bucket | undefined;
  bucketProblem: string | undefined;
  /** A setting that can't be read and may name go's bucket: then no bucket is checked. */
  unread: string | undefined;
}

/** How this program would act on the arguments in GOCACHEPROG. */
export interface CacheprogUse {
  /** Why it would refuse them. */
  problem: string | undefined;
  /** The server that it, or the settings, name. */
  server: { address: ListenAddress; isUsed: boolean; isFallback: boolean } | undefined;
}
