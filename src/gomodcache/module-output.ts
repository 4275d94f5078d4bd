import type { WantedModule } from "./wanted-modules.ts";

/** An output that no file has: its bytes are made when they are read. */
export interface ModuleOutput {
  /** The folder of the module's files, or its zip. */
  path: string;
  sizeBytes: number;
  chunks: () => Iterable<Uint8Array>;
}

/**
 * A module and what is to be known of it: its files with its go.mod, its zip with its go.mod, the go.mod alone, or what the
 * checksum database says of it.
 */
export interface Subject {
  wanted: WantedModule;
  form: "tree" | "zip" | "mod" | "sum";
}
