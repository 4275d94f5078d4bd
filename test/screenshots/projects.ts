/** Modules for real go commands to build: little code, and a large part of the standard library. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeModule } from "../support/go-project.ts";
import { plainEnv, run } from "../support/process.ts";

/** The imports of each package of a module, by its name. */
const PROJECTS: Readonly<Record<string, Record<string, string[]>>> = {
  shop: {
    catalog: ["encoding/json", "database/sql", "regexp"],
    cart: ["crypto/sha256", "time", "sort"],
    server: ["net/http", "html/template", "log/slog"],
  },
  till: { receipt: ["text/template", "encoding/csv", "math/big"], printer: ["net", "bufio"] },
  patience: {
    report: ["image/png", "image/jpeg", "archive/zip", "compress/bzip2", "encoding/xml"],
    audit: ["go/types", "debug/elf", "encoding/asn1", "net/smtp", "net/rpc"],
  },
  vault: { store: ["hash/crc64", "container/ring"], seal: ["encoding/ascii85", "index/suffixarray"] },
};

/** A module on its branch `main`. Returns its directory. */
export async function makeProject(dir: string, name: keyof typeof PROJECTS): Promise<string> {
  const packages = Object.entries(PROJECTS[name] ?? {});
  const files = packages.map(([pkg, imports]) => [`${pkg}/${pkg}.go`, source(pkg, imports)]);
  const main = packages.map(([pkg]) => `example.com/${name}/${pkg}`);
  const path = writeModule(join(dir, name), `example.com/${name}`, {
    ...Object.fromEntries(files),
    "main.go": `${source("main", main)}\nfunc main() {}\n`,
  });
  await run(["git", "init", "--quiet", "--initial-branch=main", path], { env: plainEnv() });
  return path;
}

/** Edits a package: go must compile it and its importers again. */
export function edit(project: string, pkg: string, text: string): void {
  mkdirSync(join(project, pkg), { recursive: true });
  writeFileSync(
    join(project, pkg, "edited.go"),
    `package ${pkg}\n\n// Edited is new.\nconst Edited = ${JSON.stringify(text)}\n`,
  );
}

function source(pkg: string, imports: string[]): string {
  return `package ${pkg}\n\nimport (\n${imports.map((path) => `\t_ "${path}"\n`).join("")})\n`;
}
