/**
 * Compiles the executables: `bun build.ts` makes `dist/go-cache-plugin` for this machine, `bun build.ts TARGET…` one
 * for each target (`dist/go-cache-plugin-<os>-<arch>…`), `bun build.ts --all` one for every platform Bun can compile
 * for, and `dist/SHA256SUMS`.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { repository, version } from "./package.json" with { type: "json" };
import { OUT_DIR, releaseExecutable, releaseExecutables, TARGETS } from "./targets.ts";

async function main(args: string[]): Promise<void> {
  mkdirSync(OUT_DIR, { recursive: true });
  const suffix = process.platform === "win32" ? ".exe" : "";
  if (args.length === 0) return await compile(`${OUT_DIR}/go-cache-plugin${suffix}`);
  const isAll = args.includes("--all");
  for (const target of isAll ? TARGETS : args.map(targetOf)) await compile(releaseExecutable(target), target);
  if (isAll) await writeChecksums(releaseExecutables());
}

function targetOf(arg: string): (typeof TARGETS)[number] {
  const target = TARGETS.find((each) => each === arg);
  if (target === undefined)
    throw new Error(`unknown argument ${arg}; there are --all, ${TARGETS.join(", ")}`);
  return target;
}

/** Replaces the executable atomically, since tests or a go command may use the existing one. */
async function compile(path: string, target?: Bun.Build.CompileTarget): Promise<void> {
  // Not under another name: the executable contains its name.
  const workDir = `${OUT_DIR}/.${process.pid}`;
  const outfile = `${workDir}/${basename(path)}`;
  await Bun.build({
    entrypoints: ["src/main.ts"],
    target: "bun",
    // Bytecode starts about 2 ms faster and needs CommonJS, hence no top-level await in src/main.ts.
    format: "cjs",
    bytecode: true,
    minify: true,
    sourcemap: "inline",
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_COMMIT: JSON.stringify(commit()),
      BUILD_REPOSITORY: JSON.stringify(repository.replace(/^github:/, "")),
    },
    compile: {
      outfile,
      ...(target === undefined ? {} : { target }),
      // The working directory is a stranger's checkout: nothing in it may set variables or run code.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  renameSync(outfile, path);
  // The executable contains the source map, so the separate file is not needed.
  rmSync(workDir, { recursive: true });
  console.log(path);
}

function commit(): string {
  const git = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { stderr: "ignore" });
  return git.success ? git.stdout.toString().trim() : "unknown";
}

async function writeChecksums(files: string[]): Promise<void> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = new Bun.CryptoHasher("sha256").update(await Bun.file(file).bytes()).digest("hex");
    lines.push(`${hash}  ${file.slice(OUT_DIR.length + 1)}\n`);
  }
  writeFileSync(`${OUT_DIR}/SHA256SUMS`, lines.join(""));
}

await main(Bun.argv.slice(2));
