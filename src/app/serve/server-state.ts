import type { ForwardProxy, HttpMount } from "../../http/mount.ts";
import type { ListeningPart, ServedPart, ServeParts } from "./parts.ts";
import type { PluginPart } from "./plugin/plugin-part.ts";

/** A running server, with the parts that it has. */
export interface ServerState {
  parts: ServeParts;
  /** The program's version, in one line. */
  version: string;
  startedMs: number;
  isDraining: boolean;
  plugin?: PluginPart;
  moduleProxy?: ModuleProxyPart;
  forwardProxy?: ForwardProxyPart;
  http?: ListeningPart;
}

/** The state of a proxy for the pages. */
interface ProxyState {
  /** How many files are not uploaded yet. */
  waitingUploads(): number;
}

export interface ModuleProxyPart extends ServedPart, HttpMount, ProxyState {
  upstreamUrls: string[];
}

export interface ForwardProxyPart extends ServedPart, ForwardProxy, ProxyState {}

/** In the order in which they were opened: a later one needs those before it. */
export function servedParts({ plugin, moduleProxy, forwardProxy, http }: ServerState): ServedPart[] {
  return [plugin, moduleProxy, forwardProxy, http].filter((part) => part !== undefined);
}
