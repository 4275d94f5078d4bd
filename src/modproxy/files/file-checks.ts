import { readFileSync, statSync } from "node:fs";
import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import type { Database } from "../../gomod/sumdb/databases.ts";
import { checkZip, checkZipBytes } from "../../gomod/zip/check-zip.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { FileCheck } from "../../store/tiered/tiered-store.ts";
import type { ModRequest } from "../names/mod-request.ts";
import { checkBody, MAX_SMALL_BYTES } from "./check-body.ts";
import type { FileMeta, MetaFiles } from "./file-meta.ts";
import { isMutable } from "./freshness.ts";
import type { Verdict } from "./verdict.ts";

const MAX_REFUSED = 10_000;

export interface FileChecksOptions {
  metas: MetaFiles;
  databases: ReadonlyMap<string, Database>;
  /** What the checksum database says about a file at `path` that the bucket has just sent. Never rejects. */
  verify: (request: ModRequest, path: string) => Promise<Verdict>;
  log: Logger;
}

/** Checks stored files: other programs write to the cache directory and the bucket as well. */
export class FileChecks {
  readonly #options: FileChecksOptions;
  /** SHA-256 by name of files that the checksum database contradicts: the bucket may still have them. */
  readonly #refused = new BoundedMap<string, string>(MAX_REFUSED);

  /** SHA-256 by name of the files that this job's last run used. */
  readonly #named = new Map<string, string>();

  constructor(options: FileChecksOptions) {
    this.#options = options;
  }

  /**
   * Whether a file is what `request` names: its hash is the noted one, or, without a note, its content is good. What
   * comes from the bucket is also the file that the last run used, or the one of the checksum database, as far as that
   * answers. The hash of a file that never changes is then noted.
   */
  of(request: ModRequest): FileCheck {
    return async (path, sha256) => {
      try {
        await this.#check(request, path, sha256);
        return true;
      } catch (error) {
        this.#options.log.info(() => `${request.name} is not used, wrong bytes: ${describeError(error)}`);
        return false;
      }
    };
  }

  /** Don't use the file of that name with that SHA-256 any more. */
  refuse(name: string, sha256: string): void {
    this.#refused.set(name, sha256);
  }

  /** The last run used the file of that name with that SHA-256: it needs no other check. */
  trust(name: string, sha256: string): void {
    this.#named.set(name, sha256);
  }

  /** Whether bytes are the file that `request` names. */
  isGood(request: ModRequest, bytes: Buffer): boolean {
    try {
      if (request.kind === "zip") checkZipBytes(bytes, request.module, request.version);
      else checkBody(request, bytes, this.verifierOf(request));
      return true;
    } catch {
      return false;
    }
  }

  verifierOf(request: ModRequest) {
    return "database" in request ? this.#options.databases.get(request.database)?.verifier : undefined;
  }

  async #check(request: ModRequest, path: string, received: string | undefined): Promise<void> {
    const { metas } = this.#options;
    const known = isMutable(request) ? undefined : metas.find(request.name);
    const sha256 = received ?? (await hashFile(path, new AbortController().signal));
    if (sha256 === undefined) throw new InvalidFileError("it can't be read");
    if (this.#refused.get(request.name) === sha256)
      throw new InvalidFileError("the checksum database says something else");
    if (known !== undefined) {
      if (known.sha256 !== sha256)
        throw new InvalidFileError(`SHA-256 is ${sha256} instead of ${known.sha256}`);
      return;
    }
    this.checkContent(request, path);
    if (isMutable(request)) return;
    const verified = received === undefined ? undefined : await this.#verifyReceived(request, path, received);
    const { name } = request;
    metas.save(
      { name, sha256, sizeBytes: statSync(path).size, fetchedAtMs: Date.now(), verified },
      { upload: false },
    );
  }

  /** Throws an `InvalidFileError` for a file that the checksum database contradicts. */
  async #verifyReceived(request: ModRequest, path: string, sha256: string): Promise<FileMeta["verified"]> {
    if (this.#named.get(request.name) === sha256) return undefined;
    const verdict = await this.#options.verify(request, path);
    if (verdict === "good") return true;
    if (verdict === "unknown") return undefined;
    this.refuse(request.name, sha256);
    throw new InvalidFileError("the checksum database says something else");
  }

  /** Throws an `InvalidFileError`. */
  checkContent(request: ModRequest, path: string): void {
    if (request.kind === "zip") {
      checkZip(path, request.module, request.version);
      return;
    }
    if (statSync(path).size > MAX_SMALL_BYTES) throw new InvalidFileError("file is too large");
    checkBody(request, readFileSync(path), this.verifierOf(request));
  }
}
