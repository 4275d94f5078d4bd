/**
 * Makes what a release consists of, from executables that `bun build.ts --all` left in `dist/`: for each an archive
 * (`.tar.gz`, for Windows `.zip`) with the executable, README.md and LICENSE in it, `install.sh`, a bill of materials
 * `sbom.cdx.json`, and `SHA256SUMS` of all that. `bun release.ts [--out=DIR] [EXECUTABLE…]`; without any: all targets.
 * The same executables make the same archives, to the byte.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Zippable, zipSync } from "fflate";
import { dependencies, version } from "./package.json" with { type: "json" };
import { releaseExecutables } from "./targets.ts";

const DOCUMENTS = ["README.md", "LICENSE"];

/** The first day that a zip can name, in any time zone. */
const ZIP_TIME = new Date(1980, 0, 1);

async function main(args: string[]): Promise<void> {
  const out = args.find((arg) => arg.startsWith("--out="))?.slice("--out=".length) ?? "dist/release";
  const named = args.filter((arg) => !arg.startsWith("--"));
  const executables = named.length > 0 ? named : releaseExecutables();
  mkdirSync(out, { recursive: true });
  const files: string[] = [];
  for (const executable of executables) files.push(await pack(executable, out));
  copyFileSync("install.sh", join(out, "install.sh"));
  writeFileSync(join(out, "sbom.cdx.json"), `${JSON.stringify(billOfMaterials(), undefined, 2)}\n`);
  await writeChecksums(out, [...files, "install.sh", "sbom.cdx.json"]);
}

/** Returns the archive's name. */
async function pack(executable: string, out: string): Promise<string> {
  const isWindows = executable.endsWith(".exe");
  const target = basename(executable, ".exe");
  const program = isWindows ? "go-cache-plugin.exe" : "go-cache-plugin";
  const archive = `${target}${isWindows ? ".zip" : ".tar.gz"}`;
  if (isWindows) await zip(join(out, archive), executable, program);
  else tar(join(out, archive), executable, program);
  console.log(join(out, archive));
  return archive;
}

async function zip(archive: string, executable: string, program: string): Promise<void> {
  const content: Zippable = { [program]: await Bun.file(executable).bytes() };
  for (const document of DOCUMENTS) content[document] = await Bun.file(document).bytes();
  writeFileSync(archive, zipSync(content, { level: 9, mtime: ZIP_TIME }));
}

function tar(archive: string, executable: string, program: string): void {
  const dir = mkdtempSync(join(tmpdir(), "release-"));
  try {
    copyFileSync(executable, join(dir, program));
    for (const document of DOCUMENTS) copyFileSync(document, join(dir, document));
    const same = ["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
    // 9 makes it 0.3 % smaller in twice the time.
    const gzip = ["--use-compress-program=gzip -6n"];
    run(["tar", ...same, ...gzip, "-cf", archive, "-C", dir, program, ...DOCUMENTS]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** CycloneDX, as npm has it of what goes into the executable, and Bun, whose runtime is most of it. */
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
