import { readFileSync } from "node:fs";
import { hashModFile } from "../../gomod/module-hash.ts";
import { hashZip } from "../../gomod/zip/zip-hash.ts";
import { Semaphore } from "../../lib/async/semaphore.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import type { Counters } from "../../lib/counters.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { FileStorage } from "../files/file-storage.ts";
import { type DatabaseNames, type ModRequest, type ModuleRequest, parseName } from "../names/mod-request.ts";
import type { Policy } from "../policy.ts";
import type { SumdbClient } from "./sumdb-client.ts";

/**
 * Whether a file matches the checksum database. `unknown`: it is exempt (GONOSUMDB) or not in the database, or the
 * database can't be reached.
 */
export type Verdict = "good" | "wrong" | "unknown";

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

/** Zips that are expanded at the same time. */
const CONCURRENCY = 2;

/** Compares stored modules with the checksum database, each once. */
export class ModuleVerifier {
  readonly #options: ModuleVerifierOptions;
  readonly #slots = new Semaphore(CONCURRENCY);
  readonly #running = new SingleFlight<Verdict>();

  constructor(options: ModuleVerifierOptions) {
    this.#options = options;
  }

  /** Verifies the local file, if it was not verified before or with `again`; a wrong one is removed. Never rejects. */
  async verify(request: ModRequest, { again = false } = {}): Promise<Verdict> {
    if (!this.isVerifiable(request)) return "unknown";
    if (!again && this.#options.storage.metas.find(request.name)?.verified === true) return "good";
    return await this.#running.run(request.name, () => this.#slots.run(() => this.#verify(request)));
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

  async #verify(request: FixedModule): Promise<Verdict> {
    const { client, counters, log } = this.#options;
    if (client === undefined) return "unknown";
    try {
      const hashes = await client.lookup(request.module, request.version);
      if (hashes === undefined) return "unknown";
      return await this.#compare(request, request.kind === "zip" ? hashes.zip : hashes.mod);
    } catch (error) {
      counters.add("mod_verify_error");
      log.info(() => `${request.name} could not be verified: ${describeError(error)}`);
      return "unknown";
    }
  }

  async #compare(request: ModuleRequest, expected: string): Promise<Verdict> {
    const { storage, counters, log } = this.#options;
    const { store, metas, checks } = storage;
    const { name } = request;
    const path = store.find(name)?.path;
    if (path === undefined) return "unknown";
    const meta = metas.find(name);
    const found = await hashOf(request, path);
    if (found === expected) {
      counters.add("mod_verify_good");
      // The file may have been replaced meanwhile.
      const isSame = meta !== undefined && metas.find(name)?.sha256 === meta.sha256;
      if (isSame) metas.save({ ...meta, verified: true }, { upload: false });
      return "good";
    }
    const sha256 = await hashFile(path, new AbortController().signal);
    if (sha256 !== undefined) checks.refuse(name, sha256);
    storage.remove(name);
    counters.add("mod_verify_wrong");
    log.warn(`verify ${name}`, `${name} has ${found}, the checksum database says ${expected}: removed`);
    return "wrong";
  }
}

/** For a zip that can't be expanded, a text that equals no hash. */
async function hashOf({ kind }: ModuleRequest, path: string): Promise<string> {
  if (kind !== "zip") return hashModFile(readFileSync(path));
  return await hashZip(path).catch((error) => `no hash (${describeError(error)})`);
}
