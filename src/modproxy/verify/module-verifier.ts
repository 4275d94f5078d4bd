import { readFileSync } from "node:fs";
import { hashModFile } from "../../gomod/module-hash.ts";
import { hashZip } from "../../gomod/zip/expand-zip.ts";
import { Semaphore } from "../../lib/async/semaphore.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import type { Counters } from "../../lib/counters.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { FileStorage } from "../files/file-storage.ts";
import type { Verdict } from "../files/verdict.ts";
import { type DatabaseNames, type ModRequest, type ModuleRequest, parseName } from "../names/mod-request.ts";
import type { Policy } from "../policy.ts";
import type { SumdbClient } from "./sumdb-client.ts";

export interface ModuleVerifierOptions {
  storage: FileStorage;
  databases: DatabaseNames;
  policy: Policy;
  /** `undefined`: GOSUMDB=off, or a database with signatures that can't be checked. */
  client: SumdbClient | undefined;
  counters: Counters;
  log: Logger;
}

type FixedModule = ModuleRequest & { kind: "mod" | "zip"; version: string };

/** Questions to the checksum database at the same time. */
const LOOKUPS = 16;
/** Zips that are expanded at the same time. */
const HASHES = 2;

/** Compares stored modules with the checksum database, each once. */
export class ModuleVerifier {
  readonly #options: ModuleVerifierOptions;
  readonly #lookups = new Semaphore(LOOKUPS);
  readonly #hashes = new Semaphore(HASHES);
  readonly #running = new SingleFlight<Verdict>();

  constructor(options: ModuleVerifierOptions) {
    this.#options = options;
  }

  /** Verifies the local file, if it was not verified before or with `again`; a wrong one is removed. Never rejects. */
  async verify(request: ModRequest, { again = false } = {}): Promise<Verdict> {
    if (!this.isVerifiable(request)) return "unknown";
    if (!again && this.#options.storage.metas.find(request.name)?.verified === true) return "good";
    return await this.#running.run(request.name, () => this.#verifyStored(request));
  }

  /** What the database says about the file at `path`. Never rejects. */
  async judge(request: ModRequest, path: string): Promise<Verdict> {
    if (!this.isVerifiable(request)) return "unknown";
    const { counters, log } = this.#options;
    const { name } = request;
    try {
      const expected = await this.#lookups.run(() => this.#hashInDatabase(request));
      if (expected === undefined) return "unknown";
      const found = await this.#hashes.run(() => hashOf(request, path));
      const isGood = found === expected;
      counters.add(isGood ? "mod_verify_good" : "mod_verify_wrong");
      if (isGood) return "good";
      log.warn(`verify ${name}`, `${name} has ${found}, the checksum database says ${expected}: not kept`);
      return "wrong";
    } catch (error) {
      counters.add("mod_verify_error");
      log.info(() => `${name} could not be verified: ${describeError(error)}`);
      return "unknown";
    }
  }

  /** Verifies the local file; `false`: the bucket must not get it. Never rejects. */
  async mayUpload(name: string): Promise<boolean> {
    const request = parseName(name, this.#options.databases);
    if (request === undefined) return false;
    return "database" in request || (await this.verify(request)) !== "wrong";
  }

  /** Whether the checksum database may be queried for it. */
  isVerifiable(request: ModRequest): request is FixedModule {
    if (request.kind !== "mod" && request.kind !== "zip") return false;
    const { client, policy } = this.#options;
    return client !== undefined && !policy.isUnlisted(request.module);
  }

  /** `undefined`: the database does not know the version. */
  async #hashInDatabase({ kind, module, version }: FixedModule): Promise<string | undefined> {
    const hashes = await this.#options.client?.lookup(module, version);
    return kind === "zip" ? hashes?.zip : hashes?.mod;
  }

  async #verifyStored(request: FixedModule): Promise<Verdict> {
    const { store, metas, checks } = this.#options.storage;
    const { name } = request;
    const path = store.find(name)?.path;
    if (path === undefined) return "unknown";
    const meta = metas.find(name);
    const verdict = await this.judge(request, path);
    if (verdict === "good") {
      // The file may have been replaced meanwhile.
      const isSame = meta !== undefined && metas.find(name)?.sha256 === meta.sha256;
      if (isSame) metas.save({ ...meta, verified: true }, { upload: false });
    }
    if (verdict === "wrong") {
      const sha256 = await hashFile(path, new AbortController().signal);
      if (sha256 !== undefined) checks.refuse(name, sha256);
      this.#options.storage.remove(name);
    }
    return verdict;
  }
}

/** For a zip that can't be expanded, a text that equals no hash. */
async function hashOf({ kind }: ModuleRequest, path: string): Promise<string> {
  if (kind !== "zip") return hashModFile(readFileSync(path));
  return await hashZip(path).catch((error) => `no hash (${describeError(error)})`);
}
