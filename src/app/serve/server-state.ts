import type { RemoteHealth } from "../../remote/health.ts";
import type { ServeParts } from "./parts.ts";
import type { PluginPart } from "./plugin/plugin-part.ts";

/** What a running server tells of itself. */
export interface ServerState {
  parts: ServeParts;
  /** Of the program, in one line. */
  version: string;
  startedMs: number;
  isDraining: boolean;
  plugin?: PluginPart;
  moduleProxy?: ProxyState;
  forwardProxy?: ProxyState;
}

/** What a proxy tells. */
export interface ProxyState {
  /** How many files are not uploaded yet. */
  waitingUploads(): number;
  /** Of the bucket as this proxy sees it; `undefined`: there is none. */
  health: RemoteHealth | undefined;
}
