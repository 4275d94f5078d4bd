import type { LocalEntry } from "../buildcache/entry.ts";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { orReport } from "../lib/or-report.ts";
import { ModuleDirs } from "./module-dirs.ts";
import { ModuleTree } from "./module-tree.ts";
import { TreeWriter } from "./tree-writer.ts";
import { Unfinished } from "./unfinished.ts";
import { modAction, nameOf, treeAction, type WantedModule } from "./wanted-modules.ts";

/** An output that no file has: its bytes are made when they are read. */
interface ModuleOutput {
  /** The folder of the module's files. */
  path: string;
  sizeBytes: number;
  chunks: () => Iterable<Uint8Array>;
}

/** A module and what is to be known of it: its files, or its go.mod alone. */
interface Subject {
  wanted: WantedModule;
  hasFiles: boolean;
}

/**
 * `$GOMODCACHE` as a local cache for remotes, for the modules of one checkout: their files and go.mod files are entries.
 * What is there is never changed, and nothing gets a name there that has not the hash of the checkout's go.sum. All
 * calls are synchronous.
 */
export class GoModCache {
  readonly #dirs: ModuleDirs;
  readonly #unfinished: Unfinished;
  readonly #isWritable: boolean;
  readonly #byName: ReadonlyMap<string, WantedModule>;
  readonly #byAction = new Map<string, Subject>();
  readonly #byOutput = new Map<string, Subject>();
  #firstProblem: unknown;

  /** Creates no file. `isWritable`: whether folders stay so: `-modcacherw` in GOFLAGS. */
  constructor(root: string, wanted: readonly WantedModule[], { isWritable }: { isWritable: boolean }) {
    this.#dirs = new ModuleDirs(root);
    this.#unfinished = new Unfinished(this.#dirs);
    this.#isWritable = isWritable;
    this.#byName = new Map(wanted.map((module) => [nameOf(module), module]));
  }

  /** The first reason why something could not be written or read; `undefined`: there was none. */
  get firstProblem(): unknown {
    return this.#firstProblem;
  }

  /**
   * The actions of what is not there, of each module the best first: its files with its go.mod, or the go.mod alone. What
   * go is about to fetch or to unpack is left to it.
   */
  missing(): string[][] {
    return [...this.#byName.values()].flatMap((wanted) => {
      const { treeHash } = wanted;
      const isTreeMissing = treeHash !== undefined && this.#isTreeMissing(wanted);
      const isModMissing = !this.#dirs.has(wanted, "mod");
      const actions = [
        ...(isTreeMissing ? [this.#action(wanted, true)] : []),
        ...(isModMissing ? [this.#action(wanted, false)] : []),
      ].filter((action) => action !== undefined);
      return actions.length === 0 ? [] : [actions];
    });
  }

  /** The actions of what is there. */
  *present(): Generator<string, void, void> {
    for (const wanted of this.#byName.values()) {
      const hasFiles = wanted.treeHash !== undefined && this.#dirs.hasTree(wanted);
      const action = hasFiles || this.#dirs.has(wanted, "mod") ? this.#action(wanted, hasFiles) : undefined;
      if (action !== undefined) yield action;
    }
  }

  /** Whether what an action stands for is there. */
  has(actionId: string): boolean {
    const subject = this.#byAction.get(actionId);
    if (subject === undefined) return false;
    const { wanted, hasFiles } = subject;
    return hasFiles ? this.#dirs.hasTree(wanted) : this.#dirs.has(wanted, "mod");
  }

  /** Reads the module; `undefined` if it is not as go.sum says. */
  get(actionId: string): LocalEntry | undefined {
    const subject = this.#byAction.get(actionId);
    if (subject === undefined || !this.has(actionId)) return undefined;
    try {
      const tree = this.#treeOf(subject);
      const outputId = tree.outputId();
      this.#byOutput.set(outputId, subject);
      const path = this.#dirs.tree(subject.wanted);
      return { actionId, outputId, sizeBytes: tree.sizeBytes, putTimeMs: Date.now(), path };
    } catch (error) {
      this.#firstProblem ??= error;
      return undefined;
    }
  }

  /** An output that `get` has returned. */
  findOutput(outputId: string): ModuleOutput | undefined {
    const subject = this.#byOutput.get(outputId);
    if (subject === undefined) return undefined;
    try {
      const { sizeBytes } = this.#treeOf(subject);
      const path = this.#dirs.tree(subject.wanted);
      return { path, sizeBytes, chunks: () => this.#treeOf(subject).chunks() };
    } catch {
      return undefined;
    }
  }

  /** Begins a module, whose bytes say which. Throws if the disk fails. */
  createOutput(): TreeWriter {
    const onProblem = (error: unknown) => {
      this.#firstProblem ??= error;
    };
    return orReport(
      onProblem,
      () =>
        new TreeWriter({
          dirs: this.#dirs,
          unfinishedPath: this.#unfinished.newPath(),
          isWritable: this.#isWritable,
          find: (module: ModuleVersion) => this.#byName.get(nameOf(module)),
          onProblem,
        }),
    );
  }

  /** A module needs no record. */
  putRecord(): boolean {
    return false;
  }

  [Symbol.dispose](): void {
    this.#unfinished[Symbol.dispose]();
  }

  #isTreeMissing(wanted: WantedModule): boolean {
    return !this.#dirs.hasTree(wanted) && this.#dirs.isFree(wanted);
  }

  #treeOf({ wanted, hasFiles }: Subject): ModuleTree {
    return new ModuleTree(this.#dirs, wanted, hasFiles);
  }

  #action(wanted: WantedModule, hasFiles: boolean): string | undefined {
    const { treeHash, modHash } = wanted;
    const hash = hasFiles ? treeHash : modHash;
    if (hash === undefined) return undefined;
    const actionId = hasFiles ? treeAction(wanted, hash) : modAction(wanted, hash);
    this.#byAction.set(actionId, { wanted, hasFiles });
    return actionId;
  }
}
