import { accessSync, constants, mkdirSync } from "node:fs";
import { GoModCache } from "../../gomodcache/go-mod-cache.ts";
import type { ModuleForms } from "../../gomodcache/module-forms.ts";
import type { WantedRelease } from "../../gomodcache/wanted-modules.ts";
import { isZipWanted } from "../../gomodcache/zip-use.ts";
import type { ActionsCount } from "../../remote/packed/packed-reader.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import type { DrainLimit } from "./drain-limit.ts";
import type { CheckoutModules } from "./find-modules.ts";
import type { NativeCache } from "./native-caches.ts";
import { PartBucket, type PartOptions } from "./part-bucket.ts";
import type { RestoreReport, SaveReport } from "./reports.ts";
import { StartNote } from "./start-note.ts";

/** The modules of a job, and the release of go that its commands switch to. */
interface JobModules extends CheckoutModules {
  release: WantedRelease | undefined;
}

/**
 * The modules of a job: `$GOMODCACHE`, as far as the checkout's go.sum files name what is in it. Nobody knows which of
 * them go has used, so all that are there count as used; which zips are wanted, `zip-use.ts` says. A release of go is one of
 * them, of which the checksum database says what it should be.
 */
export class ModulesPart {
  readonly cache: NativeCache;
  readonly note: StartNote;
  readonly #modules: JobModules;
  readonly #forms: ModuleForms;
  readonly #bucket: PartBucket;
  /** What `restoreRelease` did. */
  #release: RestoreReport | undefined;

  /** `options`: with the scope of the job. */
  constructor(modules: JobModules, forms: ModuleForms, options: PartOptions) {
    this.cache = { name: "modules", path: modules.path };
    this.note = new StartNote(options.root, modules.path, options.scope);
    this.#modules = modules;
    this.#forms = forms;
    this.#bucket = new PartBucket(this.cache, options);
  }

  /** Restores the release, unless it is there. Rejects if the bucket can't be read, or nothing can be written. */
  async restoreRelease(): Promise<void> {
    using local = this.#openCache({ ...this.#modules, wanted: [] });
    const sum = local.missingSum();
    if (sum.length === 0) return;
    const remote = await this.#openRemote(local);
    const first = await this.#bucket.read(remote.prefetchActions([sum]));
    // Only then it is known what to look for.
    await local.proveRelease();
    const rest = await this.#fetch(local, remote, local.missing());
    const found = [...first.found, ...rest.found];
    if (found.length > 0) this.#release = this.#restored(local, { ...rest, found });
  }

  /** With the release. `undefined`: nothing was missing. Rejects if the bucket can't be read, or nothing can be written. */
  async restore(): Promise<RestoreReport | undefined> {
    using local = this.#openCache({ ...this.#modules, release: undefined });
    const wanted = local.missing();
    const release = this.#release;
    if (wanted.length === 0) return release;
    const remote = await this.#openRemote(local);
    const nowMs = Date.now();
    const zips = remote
      .usedLately(local.missingZips())
      .filter(({ putTimeMs }) => isZipWanted(putTimeMs, nowMs));
    const groups = zips.length === 0 ? wanted : local.missing(zips.map(({ actionId }) => actionId));
    const report = this.#restored(local, await this.#fetch(local, remote, groups));
    const { entries = 0, missing = 0 } = release ?? {};
    return { ...report, entries: report.entries + entries, missing: report.missing + missing };
  }

  /**
   * `undefined`: there is no module. Rejects if the bucket can't be read, or no module can. `hasEnded`: see `SaveOptions`.
   */
  async save(hasEnded: boolean, drain: DrainLimit): Promise<SaveReport | undefined> {
    using local = this.#openCache(this.#modules);
    await local.proveRelease();
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

  #openCache({ path, wanted, isWritable, release }: JobModules): GoModCache {
    const local = new GoModCache(path, wanted, { isWritable, forms: this.#forms, release });
    local.removeStale();
    return local;
  }

  /** The bucket, with its newest records. Rejects if it can't be read, or nothing can be written to the disk. */
  async #openRemote(local: GoModCache): Promise<PackedRemote> {
    mkdirSync(this.cache.path, { recursive: true });
    accessSync(this.cache.path, constants.W_OK);
    const remote = this.#bucket.open(local, { readOnly: true });
    await this.#bucket.read(remote.refresh());
    return remote;
  }

  /** Fetches one of each group, and the files that zips have not brought. Rejects if the bucket can't be read. */
  async #fetch(local: GoModCache, remote: PackedRemote, groups: string[][]): Promise<ActionsCount> {
    const first = await this.#bucket.read(remote.prefetchActions(groups));
    await local.nameZips();
    const unbrought = local.missingOf(first.found);
    if (unbrought.length === 0) return first;
    const second = await this.#bucket.read(remote.prefetchActions(unbrought));
    return { ...second, failure: first.failure ?? second.failure, found: [...first.found, ...second.found] };
  }

  #restored(local: GoModCache, { found, records, failure }: ActionsCount): RestoreReport {
    const missing = found.filter((actionId) => !local.has(actionId));
    const count = { records, entries: found.length, missing: missing.length, failure };
    const summed = { entries: local.countModules(found), missing: local.countModules(missing) };
    return this.#bucket.restored(count, local.firstProblem, summed);
  }
}

/** Whether a record has it. A zip that the job has shown to want since is recorded anew, with the new time. */
function isKnown(actionId: string, local: GoModCache, remote: PackedRemote): boolean {
  return remote.knows(actionId) && !local.isNewsOfZip(actionId, remote.putTimeOf(actionId) ?? 0);
}
