import { readFileSync } from "node:fs";
import { GoModCache } from "../../../src/gomodcache/go-mod-cache.ts";
import { wantedModules } from "../../../src/gomodcache/wanted-modules.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { makeZip } from "../../support/modules/make-zip.ts";

/** Files of a module proxy and of a checksum database. */
export interface ModuleFiles {
  info: Buffer[];
  mod: Buffer[];
  list: Buffer[];
  /** The files of `module@version`. */
  zips: { module: string; version: string; bytes: Buffer }[];
  goSum: Buffer[];
  /** The modules in the bucket's format: their files, and a go.mod alone. */
  trees: Buffer[];
}

/** Small, and never changed. */
const MODULES = ["rsc.io/quote@v1.5.2", "rsc.io/sampler@v1.3.0"];

/** The output of `go mod download -json` for one. */
interface Downloaded {
  Path: string;
  Version: string;
  Info: string;
  GoMod: string;
  Zip: string;
  Sum: string;
  GoModSum: string;
}

export async function recordModules(machine: GoMachine): Promise<ModuleFiles> {
  const { exitCode, stdout, stderr } = await go(machine, ["mod", "download", "-json", ...MODULES], {
    cwd: "/",
  });
  if (exitCode !== 0) throw new Error(`go mod download: ${stderr}${stdout}`);
  const found = stdout
    .trim()
    .split(/(?<=^\})\n/m)
    .map((text): Downloaded => JSON.parse(text));
  const own = { module: "example.com/a", version: "v1.0.0" };
  const prefix = `${own.module}@${own.version}/`;
  const files = {
    [`${prefix}go.mod`]: "module example.com/a\n",
    [`${prefix}a/b/c.go`]: "package c\n".repeat(50),
  };
  const goSum = found
    .map(
      ({ Path, Version, Sum, GoModSum }) =>
        `${Path} ${Version} ${Sum}\n${Path} ${Version}/go.mod ${GoModSum}\n`,
    )
    .join("");
  return {
    info: found.map(({ Info }) => readFileSync(Info)),
    mod: found.map(({ GoMod }) => readFileSync(GoMod)),
    list: found.map(({ Version }) => toList(Version)),
    zips: [
      ...found.map(({ Path, Version, Zip }) => ({
        module: Path,
        version: Version,
        bytes: readFileSync(Zip),
      })),
      { ...own, bytes: makeZip(files) },
    ],
    goSum: [Buffer.from(goSum)],
    trees: toTrees(found[0]?.Zip.split("/cache/download/")[0] ?? "", goSum),
  };
}

/** What `save` makes of the modules in `modcache`. */
function toTrees(modcache: string, goSum: string): Buffer[] {
  const wanted = wantedModules([goSum]);
  return [wanted, wanted.map((module) => ({ ...module, treeHash: undefined }))].flatMap((modules) => {
    using cache = new GoModCache(modcache, modules, { isWritable: false, forms: "auto" });
    return [...cache.present()].map((action) => {
      const output = cache.findOutput(cache.get(action)?.outputId ?? "");
      return Buffer.concat([...(output?.chunks() ?? [])].map((chunk) => Buffer.from(chunk)));
    });
  });
}

/** A list such as proxies send: releases, pre-releases, and pseudo-versions, which don't belong there. */
function toList(version: string): Buffer {
  const others = [
    "v1.0.0-rc.1",
    "v0.0.0-20170217094210-abcdefabcdef",
    "v2.0.0+incompatible",
    "v1.10.0",
    "v1.9.0",
  ];
  return Buffer.from(`${[version, ...others].join("\n")}\n`);
}
