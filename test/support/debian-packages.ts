import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { run } from "./process.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/**
 * Unpacks Debian's packages below `root`, from this machine's release or from another `suite`. It installs nothing and
 * needs no rights. Throws when they can't be fetched.
 */
export async function unpackPackages(names: readonly string[], root: string, suite?: string): Promise<void> {
  await using dir = tempDir("packages");
  const apt = ["apt-get", ...(suite === undefined ? [] : await suiteOptions(suite, dir))];
  mkdirSync(dir.join("packages"));
  const download = [...apt, "download", ...names];
  let trouble = await attempt(download, dir.join("packages"));
  if (trouble !== "") {
    // A machine without package lists.
    await attempt([...apt, "update"], dir.path);
    trouble = await attempt(download, dir.join("packages"));
  }
  if (trouble !== "") throw new Error(`${names.join(", ")} can't be fetched from Debian: ${trouble}`);
  for (const file of readdirSync(dir.join("packages"))) {
    trouble ||= await attempt(["dpkg", "-x", dir.join("packages", file), root], dir.path);
  }
  if (trouble !== "") throw new Error(`${names.join(", ")}: ${trouble}`);
}

/** This machine's mirror of Debian's packages. */
export async function packageMirror(): Promise<string> {
  const { stdout } = await run([
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
  ]);
  const mirror = stdout.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error("this machine's apt has no mirror of Debian");
  return mirror;
}

/** An apt with lists of its own. */
async function suiteOptions(suite: string, dir: TempDir): Promise<string[]> {
  for (const name of ["lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(dir.join(name), { recursive: true });
  writeFileSync(dir.join("sources.list"), `deb ${await packageMirror()} ${suite} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": dir.join("sources.list"),
    "Dir::Etc::sourceparts": dir.join("parts"),
    "Dir::State::lists": dir.join("lists"),
    "Dir::Cache": dir.join("cache"),
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** The error; empty on success. */
async function attempt(argv: string[], cwd: string): Promise<string> {
  if (Bun.which(argv[0] ?? "") === null) return `there is no ${argv[0]}`;
  const { exitCode, stderr } = await run(argv, { cwd });
  return exitCode === 0 ? "" : stderr;
}
