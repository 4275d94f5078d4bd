import type { ModuleDirs } from "./module-dirs.ts";
import { SumProof } from "./sum-proof.ts";
import { ModuleTreeError, type TreeHeader } from "./tree-header.ts";
import { nameOf, sumAction, type WantedModule, type WantedRelease } from "./wanted-modules.ts";

/** How the release of go should be that a job's commands switch to, as far as that is proven. */
export class ReleaseSum {
  /** Under this the bucket has the proof. */
  readonly actionId: string;
  readonly release: WantedRelease;
  readonly #dirs: ModuleDirs;
  #arrived: TreeHeader | undefined;
  #proof: SumProof | undefined;

  constructor(dirs: ModuleDirs, release: WantedRelease) {
    this.#dirs = dirs;
    this.release = release;
    this.actionId = sumAction(release);
  }

  /** `undefined`: nothing is proven yet. */
  get proof(): SumProof | undefined {
    return this.#proof;
  }

  /** Takes what an output says of a release, and proves nothing. Throws if it is another one. */
  take(header: TreeHeader): void {
    if (nameOf(header) !== nameOf(this.release)) throw new ModuleTreeError("a release that is not wanted");
    this.#arrived = header;
  }

  /**
   * Proves it by what go has kept, or else by what has arrived. Where something has arrived, go then has the whole proof.
   * Rejects if neither is one.
   */
  async prove(): Promise<WantedModule> {
    const { path, version } = this.release;
    const arrived = this.#arrived;
    const proof = await SumProof.kept(this.#dirs, this.release).catch((error: unknown) => {
      if (arrived === undefined) throw error;
      return SumProof.from(arrived, this.release);
    });
    if (arrived !== undefined) proof.keep(this.#dirs);
    this.#proof = proof;
    return { path, version, treeHash: proof.treeHash, modHash: undefined };
  }
}
