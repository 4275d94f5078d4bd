/** The forward proxy's authority, as the server and the command `ca` open it. */
import { join } from "node:path";
import type { Clock } from "../../lib/async/clock.ts";
import { CertificateAuthority, type Lifetimes } from "../../revproxy/certificates/certificate-authority.ts";
import { Targets } from "../../revproxy/targets.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** Where it is kept in the cache directory. */
function authorityPath(root: string): string {
  return join(root, STATE_DIR, "revproxy-ca.pem");
}

/** Rejects when a host is invalid. `onEphemeral`: called when the certificate can't be kept. */
export async function openProxyAuthority(options: {
  root: string;
  /** As `--revproxy` has them. */
  hosts: readonly string[];
  clock: Clock;
  onEphemeral: (error: unknown) => void;
  lifetimes?: Lifetimes | undefined;
}): Promise<CertificateAuthority> {
  const { root, clock, onEphemeral, lifetimes } = options;
  const { hosts } = new Targets(options.hosts);
  return await CertificateAuthority.open({ path: authorityPath(root), hosts, clock, onEphemeral, lifetimes });
}
