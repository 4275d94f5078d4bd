/** Opens the link of a session. Imported only when it is first needed. */
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import { openJournal } from "../../remote/packed/write/journal.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import { LinkRemote, type LinkRemoteOptions } from "./link-remote.ts";

export function openLink(
  options: Omit<LinkRemoteOptions, "scope" | "journal"> & {
    env: Record<string, string | undefined>;
    /** Overrides what is detected; see `remote/scope/`. */
    project: string | undefined;
    job: string | undefined;
    journalDir: string | undefined;
  },
): RemoteBuilds {
  const { env, project, job, journalDir } = options;
  const scope = detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() });
  const journal = journalDir === undefined ? undefined : openJournal(journalDir, scope);
  return new LinkRemote({ ...options, scope, journal });
}
