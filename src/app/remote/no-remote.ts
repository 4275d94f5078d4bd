import type { MissReason } from "../../buildcache/miss-reason.ts";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";

/** Stands in where there is no remote: every lookup misses, for `reason`, and puts are ignored. */
export function noRemote(reason: MissReason): RemoteBuilds {
  return {
    get: async (_, onMiss) => {
      onMiss?.(reason);
      return undefined;
    },
    used: () => {},
    put: () => {},
    settle: async () => {},
    drain: async () => {},
    abort: () => {},
  };
}
