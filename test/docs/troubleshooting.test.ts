/** docs/troubleshooting.md quotes messages of the program; each must still exist. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../support/binary.ts";

/** The variable parts of a message. */
const GAP = "…";

const page = readFileSync(join(PROJECT_DIR, "docs/troubleshooting.md"), "utf8");
const [own = ""] = page.split("\n## Messages of other programs\n");
const source = sourceText();

function sourceText(): string {
  const dir = join(PROJECT_DIR, "src");
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const text = files.map((name) => readFileSync(join(dir, name), "utf8")).join("\n");
  // A text that continues in the next line of the source is one text.
  return text
    .replaceAll(/[`"] \+\s*[`"]/g, "")
    .replaceAll('\\"', '"')
    .replaceAll("\\'", "'");
}

/** The messages of the first column. */
function messages(): string[] {
  const cells = own.match(/^\| `.*?` \|/gm) ?? [];
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message));
}

/** The constant words of a message; a message may consist of two texts of the source. */
function fixedParts(message: string): string[] {
  return message
    .split(GAP)
    .map((part) => part.replaceAll(/^[\s:;,()"]+|[\s:;,()"]+$/g, ""))
    .filter((part) => /\w{2}/.test(part));
}

test("there are messages, and each has words", () => {
  expect(messages().length).toBeGreaterThan(50);
  expect(messages().filter((message) => fixedParts(message).length === 0)).toEqual([]);
});

test("every quoted message is one of the program's", () => {
  const unknown = messages().filter((message) => !fixedParts(message).every((part) => source.includes(part)));
  expect(unknown).toEqual([]);
});

test("every warning that the program prints without -v is explained", () => {
  // log.warn("topic", `text`) and health.warn(`text`), also if the text is in a line of its own.
  const warnings = source.matchAll(/\.warn\(\s*(?:[`"][^`"]*[`"],\s*)?([`"])(.+?)\1,?\s*\)/g);
  const texts = [...warnings].map(([, , text = ""]) => text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, GAP));
  expect(texts.length).toBeGreaterThan(10);
  const unexplained = texts.filter((text) => !fixedParts(text).every((part) => own.includes(part)));
  expect(unexplained).toEqual([]);
});
