/**
 * Makes the files of a release from executables, without any named those of `bun build.ts --all`: for each the archives
 * (`.tar.zst` and `.tar.gz`, for Windows `.zip`) with the executable, README.md and LICENSE in it, `install.sh`, a bill
 * of materials `sbom.cdx.json`, and `SHA256SUMS` of all that. `bun release.ts [--out=DIR] [--quick]
 * [EXECUTABLE…]`. The same executables make the same archives, to the byte.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Zippable, zipSync } from "fflate";
import { dependencies, repository, version } from "./package.json" with { type: "json" };
import { releaseExecutables } from "./targets.ts";

const DOCUMENTS = ["README.md", "LICENSE"];

/** In `repository` of package.json until the project has an owner. */
const PLACEHOLDER = "github:OWNER/";

/**
 * zstd's level: the smallest archive that every zstd unpacks with its default memory limit; takes a minute. gzip's
 * level: 9 would make it 0.3 % smaller in twice the time. `--quick` is for tests.
 */
const LEVELS = { zstd: 19, gzip: 6 } as const;
const QUICK_LEVELS = { zstd: 1, gzip: 1 } as const;

/** The first day that a zip can express, in any time zone. */
const ZIP_TIME = new Date(1980, 0, 1);

async function main(args: string[]): Promise<void> {
  const out = args.find((arg) => arg.startsWith("--out="))?.slice("--out=".length) ?? "dist/release";
  const isQuick = args.includes("--quick");
  // The installer, the action and the documents lead to that repository.
  if (!isQuick && repository.startsWith(PLACEHOLDER))
    throw new Error("set repository in package.json to the project's own before a release");
  const levels = isQuick ? QUICK_LEVELS : LEVELS;
  const named = args.filter((arg) => !arg.startsWith("--"));
  const executables = named.length > 0 ? named : buildAll();
  mkdirSync(out, { recursive: true });
  const files: string[] = [];
  for (const executable of executables) files.push(...(await pack(executable, { out, levels })));
  copyFileSync("install.sh", join(out, "install.sh"));
  writeFileSync(join(out, "sbom.cdx.json"), `${JSON.stringify(billOfMaterials(), undefined, 2)}\n`);
  await writeChecksums(out, [...files, "install.sh", "sbom.cdx.json"]);
}

/** Returns the paths of the executables. */
function buildAll(): string[] {
  const stdio = ["ignore", "inherit", "inherit"] as const;
  const { exitCode } = Bun.spawnSync([process.execPath, "build.ts", "--all"], { stdio: [...stdio] });
  if (exitCode !== 0) throw new Error("build.ts failed");
  return releaseExecutables();
}

/** Returns the archives' names. */
async function pack(
  executable: string,
  { out, levels }: { out: string; levels: typeof LEVELS | typeof QUICK_LEVELS },
): Promise<string[]> {
  const isWindows = executable.endsWith(".exe");
  const target = basename(executable, ".exe");
  const content = isWindows ? await zip(executable) : await tar(executable);
  const archives: [name: string, bytes: Uint8Array][] = isWindows
    ? [[`${target}.zip`, content]]
    : [
        [`${target}.tar.zst`, await Bun.zstdCompress(content, { level: levels.zstd })],
        [`${target}.tar.gz`, gzip(content, levels.gzip)],
      ];
  for (const [name, bytes] of archives) {
    writeFileSync(join(out, name), bytes);
    console.log(join(out, name));
  }
  return archives.map(([name]) => name);
}

async function zip(executable: string): Promise<Uint8Array> {
  const content: Zippable = { "go-cache-plugin.exe": await Bun.file(executable).bytes() };
  for (const document of DOCUMENTS) content[document] = await Bun.file(document).bytes();
  return zipSync(content, { level: 9, mtime: ZIP_TIME });
}

async function tar(executable: string): Promise<Uint8Array> {
  const dir = mkdtempSync(join(tmpdir(), "release-"));
  try {
    copyFileSync(executable, join(dir, "go-cache-plugin"));
    for (const document of DOCUMENTS) copyFileSync(document, join(dir, document));
    const same = ["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
    run(["tar", ...same, "-cf", join(dir, "tar"), "-C", dir, "go-cache-plugin", ...DOCUMENTS]);
    return await Bun.file(join(dir, "tar")).bytes();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Without a time in its header. */
function gzip(content: Uint8Array, level: 1 | 6): Uint8Array {
  return Bun.gzipSync(content as Uint8Array<ArrayBuffer>, { level });
}

/** CycloneDX: npm's list of what goes into the executable, and Bun, since its runtime is most of it. */
function billOfMaterials(): { components: { name: string }[] } {
  const text = run(["npm", "sbom", "--sbom-format=cyclonedx", "--omit=dev", "--sbom-type=application"]);
  const bill = JSON.parse(text);
  const missing = Object.keys(dependencies).find(
    (name) => !bill.components.some((each: { name: string }) => each.name === name),
  );
  if (missing !== undefined) throw new Error(`npm sbom does not name ${missing}: run npm install`);
  const bun = {
    type: "platform",
    name: "bun",
    version: Bun.version,
    "bom-ref": `bun@${Bun.version}`,
    purl: `pkg:npm/bun@${Bun.version}`,
  };
  const component = { ...bill.metadata.component, name: "go-cache-plugin", version };
  return { ...bill, metadata: { ...bill.metadata, component }, components: [...bill.components, bun] };
}

async function writeChecksums(out: string, files: string[]): Promise<void> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = new Bun.CryptoHasher("sha256").update(await Bun.file(join(out, file)).bytes()).digest("hex");
    lines.push(`${hash}  ${file}\n`);
  }
  writeFileSync(join(out, "SHA256SUMS"), lines.join(""));
}

function run(argv: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(argv);
  if (exitCode !== 0) throw new Error(`${argv[0]} failed: ${stderr.toString()}`);
  return stdout.toString();
}

await main(Bun.argv.slice(2));
