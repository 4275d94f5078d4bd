import { plainEnv, run } from "./process.ts";

/** Programs that tests need beside their own, and the Debian package that has each. */
const CLIENTS = [
  { argv: ["curl", "--version"], pkg: "curl" },
  { argv: ["git", "--version"], pkg: "git" },
  { argv: ["git-lfs", "version"], pkg: "git-lfs" },
  { argv: ["openssl", "version"], pkg: "openssl" },
  { argv: ["python3", "-m", "pip", "--version"], pkg: "python3-pip" },
  { argv: ["dpkg-deb", "--version"], pkg: "dpkg" },
  { argv: ["chromium", "--version"], pkg: "chromium" },
  { argv: ["zstd", "--version"], pkg: "zstd" },
];

/** Installs the missing ones. Throws when that is not possible: no test is skipped. */
export async function installClients(): Promise<void> {
  const missing: string[] = [];
  for (const { argv, pkg } of CLIENTS) if (!(await works(argv))) missing.push(pkg);
  if (missing.length > 0 || Bun.which("apt-get") === null) await installPackages(missing);
}

/** Installs packages of Debian with this machine's own apt. Throws when that is not possible. */
export async function installPackages(names: string[]): Promise<void> {
  const advice = `tests need ${["apt-get", ...names].join(", ")}`;
  if (Bun.which("apt-get") === null) throw new Error(`${advice}: a Debian or Ubuntu, with these installed`);
  const sudo = process.getuid?.() === 0 || Bun.which("sudo") === null ? [] : ["sudo", "-n"];
  const env = plainEnv({ DEBIAN_FRONTEND: "noninteractive" });
  await run([...sudo, "apt-get", "update", "-q"], { env });
  const argv = [...sudo, "apt-get", "install", "-qy", "--no-install-recommends", ...names];
  const { exitCode, stderr } = await run(argv, { env });
  if (exitCode !== 0) throw new Error(`${advice}; apt-get says: ${stderr}`);
}

async function works(argv: string[]): Promise<boolean> {
  if (Bun.which(argv[0] ?? "") === null) return false;
  return (await run(argv)).exitCode === 0;
}
