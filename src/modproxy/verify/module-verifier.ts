import { readFileSync } from "node:fs";
import { Semaphore } from "../../lib/async/semaphore.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { TieredStore } from "../../store/tiered/tiered-store.ts";
import type { FileChecks } from "../files/file-checks.ts";
import type { MetaFiles } from "../files/file-meta.ts";
import type { ModRequest, ModuleRequest } from "../names/mod-request.ts";
import type { Policy } from "../policy.ts";
import { hashModFile, hashZip } from "../zip/module-hash.ts";
import type { SumdbClient } from "./sumdb-client.ts";

/**
 * `good`: what the checksum database says; `wrong`: another file; `unknown`: nobody can say, since it is exempt
 * (GONOSUMDB), not in the database, or the database can't be asked.
 */
export type Verdict = "good" | "wrong" | "unknown";

export interface ModuleVerifierOptions {
  store: TieredStore;
  metas: MetaFiles;
  checks: FileChecks;
  policy: Policy;
  /** `undefined`: GOSUMDB=off, or a database whose signatures can't be checked. */
  client: SumdbClient | undefined;
  log: Logger;
  count: (event: string) => void;
}

type FixedModule = ModuleRequest & { kind: "mod" | "zip"; version: string };

/** Zips that are expanded at once. */
const AT_ONCE = 2;

/** Holds stored modules against the checksum database, each once. */
export class ModuleVerifier {
  readonly #options: ModuleVerifierOptions;
  readonly #slots = new Semaphore(AT_ONCE);
  readonly #running = new SingleFlight<Verdict>();

  constructor(options: ModuleVerifierOptions) {
    this.#options = options;
  }

  /** Looks at the local file, once or `isAgain`; a wrong one is removed. Never rejects. */
  async verify(request: ModRequest, { isAgain = false } = {}): Promise<Verdict> {
    if (!this.isVerifiable(request)) return "unknown";
    if (!isAgain && this.#options.metas.find(request.name)?.verified === true) return "good";
    return await this.#running.run(request.name, () => this.#slots.run(() => this.#verify(request)));
  }

  /** Whether there is a checksum database to ask about it. */
  isVerifiable(request: ModRequest): request is FixedModule {
    if (request.kind !== "mod" && request.kind !== "zip") return false;
    const { client, policy } = this.#options;
    return client !== undefined && !policy.isUnlisted(request.module);
  }

  async #verify(request: FixedModule): Promise<Verdict> {
    const { client, log, count } = this.#options;
    if (client === undefined) return "unknown";
    try {
      const hashes = await client.lookup(request.module, request.version);
      if (hashes === undefined) return "unknown";
      return await this.#compare(request, request.kind === "zip" ? hashes.zip : hashes.mod);
    } catch (error) {
      count("mod_verify_error");
      log.info(() => `${request.name} could not be verified: ${describeError(error)}`);
      return "unknown";
    }
  }

  async #compare(request: ModuleRequest, expected: string): Promise<Verdict> {
    const { store, metas, checks, log, count } = this.#options;
    const { name } = request;
    const path = store.find(name)?.path;
    if (path === undefined) return "unknown";
    const meta = metas.find(name);
    const found = await hashOf(request, path);
    if (found === expected) {
      count("mod_verify_good");
      // Another file may have taken its place.
      const isSame = meta !== undefined && metas.find(name)?.sha256 === meta.sha256;
      if (isSame) metas.save({ ...meta, verified: true }, { upload: false });
      return "good";
    }
    const sha256 = await hashFile(path, new AbortController().signal);
    if (sha256 !== undefined) checks.refuse(name, sha256);
    store.remove(name);
    metas.remove(name);
    count("mod_verify_wrong");
    log.warn(`verify ${name}`, `${name} has ${found}, the checksum database says ${expected}: not kept`);
    return "wrong";
  }
}

/** A zip that can't be expanded has no hash that anybody would expect. */
async function hashOf({ kind }: ModuleRequest, path: string): Promise<string> {
  if (kind !== "zip") return hashModFile(readFileSync(path));
  return await hashZip(path).catch((error) => `no hash (${describeError(error)})`);
}
