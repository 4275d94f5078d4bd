import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../../support/binary.ts";

/** The first code block in that language below a heading of README.md. */
export function readmeBlock(heading: string, language: string): string {
  const text = readFileSync(join(PROJECT_DIR, "README.md"), "utf8");
  const [, section = ""] = text.split(`\n${heading}\n`);
  const block = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(section)?.[1];
  if (block === undefined) throw new Error(`README.md has no ${language} block below ${heading}`);
  return block;
}
