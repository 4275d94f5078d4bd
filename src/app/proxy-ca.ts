/** `ca`: prints, installs and removes the forward proxy's certificate. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../lib/async/clock.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { locateCacheDir } from "./cache-dir/cache-dir.ts";
import type { Config } from "./config.ts";
import { openProxyAuthority } from "./serve/proxy-authority.ts";
import { installTrust, type TrustPlace, uninstallTrust } from "./system-trust.ts";

type Environment = Record<string, string | undefined>;

/** The certificate, PEM. Created when there is none yet. */
export async function proxyCertificate(config: Config, env: Environment): Promise<string> {
  const { root } = locateCacheDir(config.cacheDir, env);
  const { cert } = await openProxyAuthority({
    root,
    hosts: config.serve.revproxy,
    clock: systemClock,
    // A certificate that the server can't find would be useless.
    onEphemeral: (error) => {
      throw new Error(`the certificate can't be saved in ${root}: ${describeError(error)}`, { cause: error });
    },
  });
  return cert;
}

/** Makes all programs of this machine trust it; returns where it was put. */
export async function installProxyCertificate(config: Config, env: Environment): Promise<string> {
  const cert = await proxyCertificate(config, env);
  // A directory of our own: another user could place a link at a predictable name.
  const dir = mkdtempSync(join(tmpdir(), "go-cache-plugin-ca-"));
  const path = join(dir, "ca.crt");
  try {
    writeFileSync(path, cert);
    return installTrust(machine(env), cert, path);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The other way around. */
export async function uninstallProxyCertificate(config: Config, env: Environment): Promise<void> {
  const cert = new X509Certificate(await proxyCertificate(config, env));
  uninstallTrust(machine(env), cert.fingerprint.replaceAll(":", ""));
}

function machine(env: Environment): TrustPlace {
  return {
    platform: process.platform,
    root: "/",
    run: (argv) => {
      const { exitCode, stderr, stdout } = Bun.spawnSync(argv, { env, stdin: "ignore" });
      if (exitCode !== 0) throw new Error(`${argv[0]} fails: ${`${stdout}${stderr}`.trim()}`);
    },
  };
}
