import { statSync } from "node:fs";
import { isErrno } from "../../lib/files/errno.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { hashName } from "../local/named-files.ts";
import { MAX_OBJECT_BYTES } from "../object-limit.ts";
import type { ObjectStore } from "../object-store.ts";
import type { UploadLine } from "../upload/upload-line.ts";
import { tieredKey } from "./tiered-key.ts";

/** Uploads the local file of a name. Returns whether the store was asked; rejects when it failed. */
export async function uploadFile(
  name: string,
  options: FileUploadOptions & { line: UploadLine; signal: AbortSignal },
): Promise<boolean> {
  try {
    return await put(name, options);
  } catch (error) {
    // Pruned, or found bad, since it was queued.
    if (isErrno(error, "ENOENT")) return false;
    options.count("put_s3_error");
    options.log.info(() => `put ${name}: ${describeError(error)}`);
    throw error;
  }
}

async function put(
  name: string,
  options: FileUploadOptions & { line: UploadLine; signal: AbortSignal },
): Promise<boolean> {
  const { store, prefix, kind, mayUpload, findPath, count, line, signal } = options;
  const isWanted = await (mayUpload?.(name) ?? true);
  const path = isWanted ? findPath(name) : undefined;
  if (path === undefined) return false;
  const sizeBytes = statSync(path).size;
  if (sizeBytes > MAX_OBJECT_BYTES) return false;
  const key = tieredKey(prefix, kind, hashName(name));
  await line.bounded(sizeBytes, signal, async (bounded) => {
    await store.put(key, { path, sizeBytes }, { signal: bounded });
  });
  count("put_s3");
  count("put_s3_bytes", sizeBytes);
  return true;
}

export interface FileUploadOptions {
  store: ObjectStore;
  prefix: string;
  kind: string;
  mayUpload?: (name: string) => Promise<boolean>;
  /** Where a name's bytes are. */
  findPath: (name: string) => string | undefined;
  log: Logger;
  count: (event: string, amount?: number) => void;
}
