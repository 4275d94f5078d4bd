/**
 * `npm run images`: the requirements of the released archives for Linux, and how they work in bare file systems to
 * which only Go was added: Debian by debootstrap, the C library alone, the libraries that `ldd` names, nothing, musl
 * without and with the C++ runtime. Takes two minutes and some hundred megabytes.
 */
import { mkdirSync } from "node:fs";
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { releaseExecutable } from "../../targets.ts";
import { PROJECT_DIR } from "../support/binary.ts";
import { elfNeeds } from "../support/elf.ts";
import { goRoot } from "../support/go-toolchain.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { releasedPrograms } from "./programs.ts";
import { addCppRuntime, fillScratch, fillWithDebian, fillWithLibc, fillWithMusl } from "./roots.ts";
import { helloMs, type ImageResult, imageRoot, tryImage } from "./try-image.ts";

const ARCH = process.arch === "arm64" ? "arm64" : "x64";
const GLIBC = `bun-linux-${ARCH}`;
const MUSL = `bun-linux-${ARCH}-musl`;

interface Image {
  name: string;
  target: string;
  fill: (root: string, program: string) => Promise<void>;
}

const IMAGES: Image[] = [
  { name: "Debian minbase, by debootstrap", target: GLIBC, fill: fillWithDebian },
  { name: "libc6 alone, as in distroless", target: GLIBC, fill: fillWithLibc },
  { name: "scratch and what ldd names", target: GLIBC, fill: fillScratch },
  { name: "scratch", target: GLIBC, fill: async () => {} },
  { name: "musl and busybox, as Alpine at first", target: MUSL, fill: fillWithMusl },
  {
    name: "the same with libstdc++ and libgcc",
    target: MUSL,
    fill: async (root) => {
      await fillWithMusl(root);
      await addCppRuntime(root);
    },
  },
];

async function main(): Promise<void> {
  await using dir = tempDir("images");
  const root = await goRoot();
  const programs = new Map<string, string>();
  const needs: string[][] = [];
  for (const target of [GLIBC, MUSL]) {
    console.log(`building and packing ${target}`);
    const { programsDir, archive, archiveBytes } = await releasedPrograms(target, dir.join(target));
    programs.set(target, programsDir);
    const {
      loader,
      libraries,
      glibc = "none",
    } = await elfNeeds(`${PROJECT_DIR}/${releaseExecutable(target)}`);
    const size = formatByteSize(Bun.file(`${programsDir}/go-cache-plugin`).size);
    needs.push([archive, formatByteSize(archiveBytes), size, loader, libraries.join(", "), glibc]);
  }
  const header = ["archive", "download", "program", "loader", "libraries", "glibc"];
  console.log(`\n${markdownTable(header, needs)}\n`);

  const rows: string[][] = [];
  for (const [i, image] of IMAGES.entries()) {
    console.log(`trying ${image.name}`);
    const path = dir.join(`root-${i}`);
    mkdirSync(path);
    const programsDir = programs.get(image.target) ?? "";
    await image.fill(path, `${programsDir}/go-cache-plugin`);
    const size = await bytesBelow(path);
    const filled = imageRoot(path, { programs: programsDir, goRoot: root, bucket: dir.join(`bucket-${i}`) });
    const result = await tryImage(filled);
    const hello = result.compiles === undefined ? "" : `${(await helloMs(filled)).toFixed(1)} ms`;
    rows.push([
      image.name,
      size,
      result.compiles?.join(", ") ?? "does not start",
      hello,
      saidAtStart(result),
    ]);
  }
  console.log(`\n${markdownTable(["image", "size", "go build, twice: compiled", "start", "says"], rows)}\n`);
}

function saidAtStart({ start }: ImageResult): string {
  return (start.exitCode === 0 ? start.stdout : start.stderr).trim().split("\n")[0] ?? "";
}

async function bytesBelow(path: string): Promise<string> {
  const { stdout } = await run(["du", "--summarize", "--block-size=1", path]);
  return formatByteSize(Number.parseInt(stdout, 10));
}

await main();
