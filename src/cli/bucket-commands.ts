/** Shared by the commands that work on the whole bucket. */
import type { Config, RemoteConfig } from "../app/config.ts";
import { formatByteSize } from "../lib/text/byte-size.ts";
import { UsageError } from "./usage-error.ts";

/** The bucket's settings, or a `UsageError` when there are none. */
export function requireBucket({ remote }: Config, command: string): RemoteConfig {
  if (remote !== undefined) return remote;
  throw new UsageError(`"${command}" needs a bucket: set --bucket or GOCACHE_S3_BUCKET`);
}

/** Throws a `UsageError` with --read-only. */
export function refuseReadOnly({ readOnly }: { readOnly: boolean }, what: string): void {
  if (readOnly) throw new UsageError(`${what} removes from the bucket: run it without --read-only`);
}

/** `12 (3.4 MiB)`. */
export function formatSum({ count, sizeBytes }: { count: number; sizeBytes: number }): string {
  return `${count} (${formatByteSize(sizeBytes)})`;
}
