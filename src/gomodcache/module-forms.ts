import type { WantedRelease } from "./wanted-modules.ts";

/** What is kept of modules: their folders of files, their zips, or both. `auto`: beside the files, zips that jobs want. */
export type ModuleForms = "trees" | "zips" | "both" | "auto";

export interface GoModCacheOptions {
  /** Whether folders stay writable: `-modcacherw` in GOFLAGS. */
  isWritable: boolean;
  forms: ModuleForms;
  /** The release of go that the job's commands switch to, if it is another than the installed one. */
  release?: WantedRelease | undefined;
}
