import type { ServeParts } from "./parts.ts";
import type { PluginPart } from "./plugin-part.ts";

/** What a running server tells of itself. */
export interface ServerState {
  parts: ServeParts;
  /** Of the program, in one line. */
  version: string;
  startedMs: number;
  isDraining: boolean;
  plugin?: PluginPart;
}
