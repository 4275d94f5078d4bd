import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ListenAddress } from "../../lib/network/listen-address.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import type { Config } from "../config.ts";
import type { CompileTimesFile } from "../summary/compile-times-file.ts";

/** Shared by the parts of a server. */
export interface ServeParts {
  config: Config;
  /** With the values of `go env` for GOCACHE, GOOS, GOARCH and GOVERSION. */
  env: Record<string, string | undefined>;
  /** The cache directory. */
  root: string;
  /** The same under the name that go is given; see `cache-dir.ts`. */
  shownRoot: string;
  log: Logger;
  /** One for the whole server. */
  counters: Counters;
  compileTimes: CompileTimesFile;
  /** The configured store, one for all parts, closed by the server; `undefined`: none is configured. */
  openStore(): GuardedStore | undefined;
}

/** A part of the server while it runs. */
export interface ServedPart {
  /** Finishes pending work within `limitMs`, and accepts no more. Never rejects. */
  drain(limitMs: number): Promise<void>;
  /** Releases everything at once. Never rejects. */
  close(): Promise<void>;
}

/** A part that takes connections. */
export interface ListeningPart extends ServedPart {
  address: ListenAddress;
}
