/** The documents of the repository, for tests that read them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../support/binary.ts";

/** The pages below `docs/`. */
export const PAGES = readdirSync(join(PROJECT_DIR, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);

/** All documents for people. */
export const DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ...PAGES];

/** `path`: from the top of the repository. */
export function projectFile(path: string): string {
  return readFileSync(join(PROJECT_DIR, path), "utf8");
}

/** The first code block in that language below a heading of a document. */
export function codeBlock(path: string, heading: string, language: string): string {
  const [, section = ""] = `\n${projectFile(path)}`.split(`\n${heading}\n`);
  const block = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(section)?.[1];
  if (block === undefined) throw new Error(`${path} has no ${language} block below ${heading}`);
  return block;
}

/** The table between two marks, `<!-- NAME -->` and `<!-- /NAME -->`. */
export function markedTable(path: string, name: string): string {
  const table = new RegExp(`<!-- ${name} -->\n(.*?)<!-- /${name} -->`, "s").exec(projectFile(path))?.[1];
  if (table === undefined) throw new Error(`${path} has no table ${name}`);
  return table;
}
