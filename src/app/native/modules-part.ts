import { accessSync, constants, mkdirSync } from "node:fs";
import { GoModCache, type ModuleForms } from "../../gomodcache/go-mod-cache.ts";
import { isZipWanted } from "../../gomodcache/zip-use.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import type { DrainLimit } from "./drain-limit.ts";
import type { CheckoutModules } from "./find-modules.ts";
import type { NativeCache } from "./native-caches.ts";
import { PartBucket, type PartOptions } from "./part-bucket.ts";
import type { RestoreReport, SaveReport } from "./reports.ts";
import { StartNote } from "./start-note.ts";

/**
 * The modules of a job: `$GOMODCACHE`, as far as the checkout's go.sum files name what is in it. Nobody knows which of
 * them go has used, so all that are there count as used; which zips are wanted, `zip-use.ts` says.
 */
export class ModulesPart {
  readonly cache: NativeCache;
  readonly note: StartNote;
  readonly #modules: CheckoutModules;
  readonly #forms: ModuleForms;
  readonly #bucket: PartBucket;

  /** `options`: with the scope of the job. */
  constructor(modules: CheckoutModules, forms: ModuleForms, options: PartOptions) {
    this.cache = { name: "modules", path: modules.path };
    this.note = new StartNote(options.root, modules.path, options.scope);
    this.#modules = modules;
    this.#forms = forms;
    this.#bucket = new PartBucket(this.cache, options);
  }

  /** `undefined`: nothing is missing. Rejects if the bucket can't be read, or nothing can be written. */
  async restore(): Promise<RestoreReport | undefined> {
    using local = this.#openCache();
    const wanted = local.missing();
    if (wanted.length === 0) return undefined;
    mkdirSync(this.cache.path, { recursive: true });
    accessSync(this.cache.path, constants.W_OK);
    const remote = this.#bucket.open(local, { readOnly: true });
    await this.#bucket.read(remote.refresh());
    const nowMs = Date.now();
    const zips = remote
      .usedLately(local.missingZips())
      .filter(({ putTimeMs }) => isZipWanted(putTimeMs, nowMs));
    const groups = [...wanted, ...zips.map(({ actionId }) => [actionId])];
    const { found, records, failure } = await this.#bucket.read(remote.prefetchActions(groups));
    await local.nameZips();
    const missing = found.filter((actionId) => !local.has(actionId));
    const count = { records, entries: found.length, missing: missing.length, failure };
    const summed = { entries: local.countModules(found), missing: local.countModules(missing) };
    return this.#bucket.restored(count, local.firstProblem, summed);
  }

  /**
   * `undefined`: there is no module. Rejects if the bucket can't be read, or no module can. `hasEnded`: see `SaveOptions`.
   */
  async save(hasEnded: boolean, drain: DrainLimit): Promise<SaveReport | undefined> {
    using local = this.#openCache();
    const present = [...local.present()];
    if (present.length === 0 && local.firstProblem !== undefined) throw local.firstProblem;
    if (present.length === 0) return undefined;
    const remote = this.#bucket.open(local, { readOnly: false, drainTimeoutMs: drain.leftMs });
    // Otherwise everything would count as new.
    await this.#bucket.read(remote.readRecords());
    const known = present.filter((actionId) => isKnown(actionId, local, remote));
    for (const actionId of known) remote.used(actionId);
    const added: string[] = [];
    for (const actionId of new Set(present).difference(new Set(known))) {
      const entry = await local.read(actionId);
      if (entry === undefined) continue;
      remote.put(entry);
      added.push(actionId);
      // Lets uploads go on.
      await new Promise(setImmediate);
    }
    const used = [...known, ...added];
    const summed = { used: local.countModules(used), added: local.countModules(added) };
    const count = { used: used.length, added: added.length };
    return await this.#bucket.finish(remote, count, { hasEnded, drain, problem: local.firstProblem, summed });
  }

  #openCache(): GoModCache {
    const { path, wanted, isWritable } = this.#modules;
    const local = new GoModCache(path, wanted, { isWritable, forms: this.#forms });
    local.removeStale();
    return local;
  }
}

/** Whether a record has it. A zip that the job has shown to want since is recorded anew, with the new time. */
function isKnown(actionId: string, local: GoModCache, remote: PackedRemote): boolean {
  return remote.knows(actionId) && !local.isNewsOfZip(actionId, remote.putTimeOf(actionId) ?? 0);
}
