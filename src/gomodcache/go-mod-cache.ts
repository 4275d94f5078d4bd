import type { LocalEntry } from "../buildcache/entry.ts";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { isErrno } from "../lib/files/errno.ts";
import { ArrivedZips } from "./arrived-zips.ts";
import { ModuleDirs } from "./module-dirs.ts";
import type { GoModCacheOptions } from "./module-forms.ts";
import type { ModuleOutput, Subject } from "./module-output.ts";
import { ModuleTree } from "./module-tree.ts";
import { ModuleZip } from "./module-zip.ts";
import { ReleaseSum } from "./release-sum.ts";
import type { SumProof } from "./sum-proof.ts";
import type { BodyKind } from "./tree-header.ts";
import { TreeWriter } from "./tree-writer.ts";
import { Unfinished } from "./unfinished.ts";
import { modAction, nameOf, treeAction, type WantedModule, zipAction } from "./wanted-modules.ts";
import { isShownAgain, isZipWanted, zipShownMs } from "./zip-use.ts";

/**
 * `$GOMODCACHE` as a local cache for remotes, for the modules of one checkout: their files, zips and go.mod files are
 * entries. What is there is never changed, and nothing gets a name there that has not the hash of the checkout's go.sum.
 * A release of go is one of them as soon as its hash is proven.
 */
export class GoModCache {
  readonly #dirs: ModuleDirs;
  readonly #unfinished: Record<BodyKind, Unfinished>;
  readonly #zips: ArrivedZips;
  readonly #release: ReleaseSum | undefined;
  readonly #options: GoModCacheOptions;
  readonly #byName: Map<string, WantedModule>;
  readonly #byAction = new Map<string, Subject>();
  readonly #byOutput = new Map<string, Subject>();
  /** The times of entries that were fetched. */
  readonly #putTimes = new Map<string, number>();
  readonly #checkedZips = new Set<string>();
  #firstProblem: unknown;

  /** Creates no file. */
  constructor(root: string, wanted: readonly WantedModule[], options: GoModCacheOptions) {
    this.#dirs = new ModuleDirs(root, (error) => this.#noteProblem(error));
    this.#unfinished = { tree: new Unfinished(this.#dirs, "tree"), zip: new Unfinished(this.#dirs, "zip") };
    this.#zips = new ArrivedZips({
      dirs: this.#dirs,
      areFilesWanted: options.forms === "both" || options.forms === "auto",
      isWritable: options.isWritable,
      newTreePath: () => this.#unfinished.tree.newPath(),
    });
    this.#release = options.release && new ReleaseSum(this.#dirs, options.release);
    this.#options = options;
    this.#byName = new Map(wanted.map((module) => [nameOf(module), module]));
  }

  /** The first reason why something could not be written or read; `undefined`: there was none. */
  get firstProblem(): unknown {
    return this.#firstProblem;
  }

  /** Removes what killed processes have left unfinished. Never throws. */
  removeStale(): void {
    for (const each of Object.values(this.#unfinished)) each.removeStale();
  }

  /**
   * The actions of what is not there, in groups, of each the best first: a module's files with its go.mod, or the go.mod
   * alone. What go is about to fetch or to unpack is left to it. `zips`: those of `missingZips` that the job wants. A zip
   * that is wanted beside the files brings them.
   */
  missing(zips: readonly string[] = []): string[][] {
    const { forms } = this.#options;
    const wantedZips = new Set(zips);
    return [...this.#byName.values()].flatMap((wanted) => {
      const zip = this.#missingZip(wanted).filter((zip) => forms === "both" || wantedZips.has(zip));
      const mod = this.#missingMod(wanted);
      // Of most modules go needs the go.mod alone.
      const hasFiles = wanted.treeHash === undefined || !this.#isFileless(wanted);
      const files = hasFiles ? [] : this.#action(wanted, forms === "zips" ? "zip" : "tree");
      const groups = hasFiles ? [mod, zip] : [[...zip, ...files, ...mod]];
      return groups.filter((group) => group.length > 0);
    });
  }

  /** Such groups for the modules whose zip is one of these actions and has not brought their files. */
  missingOf(actionIds: readonly string[]): string[][] {
    return actionIds.flatMap((actionId) => {
      const { wanted, form } = this.#byAction.get(actionId) ?? {};
      const isBrought = wanted === undefined || form !== "zip" || this.#options.forms === "zips";
      if (isBrought || !this.#isFileless(wanted)) return [];
      return [[...this.#action(wanted, "tree"), ...this.#missingMod(wanted)]];
    });
  }

  /** The action of what says how the release should be, if that is not there, nor go at it: one, or none. */
  missingSum(): string[] {
    const sum = this.#release;
    return sum !== undefined && this.#isFileless(sum.release) ? this.#sumAction(sum) : [];
  }

  /** Proves how the release should be; from then on it is a module like others. See `ReleaseSum`. Never rejects. */
  async proveRelease(): Promise<void> {
    try {
      const wanted = await this.#release?.prove();
      if (wanted !== undefined) this.#byName.set(nameOf(wanted), wanted);
    } catch (error) {
      // Without GOSUMDB go keeps no proof, which is no problem.
      if (!isErrno(error, "ENOENT")) this.#noteProblem(error);
    }
  }

  /** The actions of zips that are not there, where only those are restored that jobs want. */
  missingZips(): string[] {
    const wanted = this.#options.forms === "auto" ? [...this.#byName.values()] : [];
    return wanted.flatMap((module) => this.#missingZip(module));
  }

  /** The actions of what is there. */
  *present(): Generator<string, void, void> {
    const { forms } = this.#options;
    for (const wanted of this.#byName.values()) {
      const hasFiles = forms !== "zips" && wanted.treeHash !== undefined && this.#dirs.hasTree(wanted);
      const zip = this.#isZipKept(wanted) ? this.#action(wanted, "zip") : [];
      if (hasFiles) yield* this.#action(wanted, "tree");
      yield* zip;
      const isModAlone = !hasFiles && (forms !== "zips" || zip.length === 0);
      if (isModAlone && this.#dirs.has(wanted, "mod")) yield* this.#action(wanted, "mod");
    }
    if (this.#release?.proof !== undefined) yield* this.#sumAction(this.#release);
  }

  /** Whether what an action stands for is there. */
  has(actionId: string): boolean {
    const subject = this.#byAction.get(actionId);
    if (subject === undefined) return false;
    const { wanted, form } = subject;
    if (form === "sum") return this.#release?.proof !== undefined;
    return form === "tree" ? this.#dirs.hasTree(wanted) : this.#dirs.has(wanted, form);
  }

  /** How many modules these actions are of: the files of one, its zip and its go.mod are one module. */
  countModules(actionIds: readonly string[]): number {
    const names = actionIds.flatMap((actionId) => this.#byAction.get(actionId)?.wanted ?? []).map(nameOf);
    return new Set(names).size;
  }

  /** Whether a job has shown that it wants a zip since this was recorded (ms since 1970). */
  isNewsOfZip(actionId: string, recordedMs: number): boolean {
    const subject = this.#byAction.get(actionId);
    if (this.#options.forms !== "auto" || subject?.form !== "zip") return false;
    return isShownAgain(zipShownMs(this.#dirs, subject.wanted) ?? 0, recordedMs);
  }

  /** The same as `get`, also of a zip, which takes longer to check. Never rejects. */
  async read(actionId: string): Promise<LocalEntry | undefined> {
    const subject = this.#byAction.get(actionId);
    try {
      if (subject?.form === "zip") {
        await new ModuleZip(this.#dirs, subject.wanted).check();
        this.#checkedZips.add(actionId);
      }
    } catch (error) {
      this.#noteUnread(actionId, error);
      return undefined;
    }
    return this.get(actionId);
  }

  /** Reads the module; `undefined` if it is not as go.sum says, or a zip that `read` has not checked. */
  get(actionId: string): LocalEntry | undefined {
    const subject = this.#byAction.get(actionId);
    if (subject === undefined || !this.has(actionId)) return undefined;
    if (subject.form === "zip" && !this.#checkedZips.has(actionId)) return undefined;
    try {
      const output = this.#outputOf(subject);
      const outputId = output.outputId();
      this.#byOutput.set(outputId, subject);
      const nowMs = Date.now();
      const putTimeMs = output instanceof ModuleZip ? Math.min(nowMs, output.mtimeMs) : nowMs;
      return { actionId, outputId, sizeBytes: output.sizeBytes, putTimeMs, path: this.#pathOf(subject) };
    } catch (error) {
      this.#noteUnread(actionId, error);
      return undefined;
    }
  }

  /** An output that `get` has returned. */
  findOutput(outputId: string): ModuleOutput | undefined {
    const subject = this.#byOutput.get(outputId);
    if (subject === undefined) return undefined;
    try {
      const { sizeBytes } = this.#outputOf(subject);
      return { path: this.#pathOf(subject), sizeBytes, chunks: () => this.#outputOf(subject).chunks() };
    } catch {
      return undefined;
    }
  }

  /** Begins a module, whose bytes say which. */
  createOutput(): TreeWriter {
    return new TreeWriter({
      dirs: this.#dirs,
      newPath: (kind) => this.#unfinished[kind].newPath(),
      isWritable: this.#options.isWritable,
      find: (module: ModuleVersion) => this.#byName.get(nameOf(module)),
      onZip: (wanted, unfinishedPath) => this.#zips.add(wanted, unfinishedPath),
      onSum: (header) => this.#release?.take(header),
      onProblem: (error) => this.#noteProblem(error),
    });
  }

  /** A module needs no record. The time of an entry is that of a zip. */
  putRecord(actionId: string, _: unknown, putTimeMs: number): boolean {
    this.#putTimes.set(actionId, putTimeMs);
    return false;
  }

  /** Checks the zips that have arrived, and gives them their names; call it after all has arrived. Never rejects. */
  async nameZips(): Promise<void> {
    const timeOf = (wanted: WantedModule) => {
      const [actionId = ""] = this.#action(wanted, "zip");
      return this.#putTimes.get(actionId);
    };
    await this.#zips.name(timeOf, (error) => this.#noteProblem(error));
  }

  [Symbol.dispose](): void {
    this.#zips[Symbol.dispose]();
    for (const each of Object.values(this.#unfinished)) each[Symbol.dispose]();
  }

  #noteProblem(error: unknown): void {
    this.#firstProblem ??= error;
  }

  /** Why a module that is there could not be read, or is not as go.sum says. What has gone meanwhile is no problem. */
  #noteUnread(actionId: string, cause: unknown): void {
    const subject = this.#byAction.get(actionId);
    if (subject !== undefined && this.has(actionId))
      this.#noteProblem(new Error(nameOf(subject.wanted), { cause }));
  }

  /** Whether the files, or the zip alone, are not there, nor go at them. */
  #isFileless(module: ModuleVersion): boolean {
    if (this.#options.forms === "zips") return !this.#dirs.isZipGos(module);
    return !this.#dirs.hasTree(module) && this.#dirs.isFree(module);
  }

  #missingMod(wanted: WantedModule): string[] {
    return this.#dirs.has(wanted, "mod") ? [] : this.#action(wanted, "mod");
  }

  #missingZip(wanted: WantedModule): string[] {
    if (wanted.treeHash === undefined) return [];
    return this.#dirs.isZipGos(wanted) ? [] : this.#action(wanted, "zip");
  }

  #isZipKept(wanted: WantedModule): boolean {
    const { forms } = this.#options;
    if (forms === "trees" || !this.#dirs.has(wanted, "zip") || !this.#dirs.has(wanted, "ziphash"))
      return false;
    if (forms !== "auto") return true;
    const shownMs = zipShownMs(this.#dirs, wanted);
    return shownMs !== undefined && isZipWanted(shownMs, Date.now());
  }

  #outputOf({ wanted, form }: Subject): ModuleTree | ModuleZip | SumProof {
    const proof = this.#release?.proof;
    if (form === "sum" && proof !== undefined) return proof;
    return form === "zip"
      ? new ModuleZip(this.#dirs, wanted)
      : new ModuleTree(this.#dirs, wanted, form === "tree");
  }

  #pathOf({ wanted, form }: Subject): string {
    return form === "zip" ? this.#dirs.file(wanted, "zip") : this.#dirs.tree(wanted);
  }

  #sumAction({ actionId, release: { path, version } }: ReleaseSum): string[] {
    const wanted = { path, version, treeHash: undefined, modHash: undefined };
    this.#byAction.set(actionId, { wanted, form: "sum" });
    return [actionId];
  }

  /** One action; none if go.sum has no hash for it. */
  #action(wanted: WantedModule, form: Exclude<Subject["form"], "sum">): string[] {
    const hash = form === "mod" ? wanted.modHash : wanted.treeHash;
    if (hash === undefined) return [];
    const actionOf = { tree: treeAction, zip: zipAction, mod: modAction }[form];
    const actionId = actionOf(wanted, hash);
    this.#byAction.set(actionId, { wanted, form });
    return [actionId];
  }
}
