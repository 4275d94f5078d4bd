import { expect, test } from "bun:test";
import { loadCommands } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { renderCommandsMarkdown, renderOptionsMarkdown } from "../../../src/cli/options/option-docs.ts";
import { ALL_OPTIONS } from "../../../src/cli/options/options.ts";
import { markedTable } from "../../docs/documents.ts";

test("docs/options.md shows the table of options", () => {
  expect(markedTable("docs/options.md", "options")).toBe(renderOptionsMarkdown());
});

test("docs/commands.md shows the list of commands", async () => {
  expect(markedTable("docs/commands.md", "commands")).toBe(
    renderCommandsMarkdown(await loadCommands(COMMANDS)),
  );
});

test("flags and variables are unique", () => {
  expect(new Set(ALL_OPTIONS.map((option) => option.flag)).size).toBe(ALL_OPTIONS.length);
  expect(new Set(ALL_OPTIONS.map((option) => option.env)).size).toBe(ALL_OPTIONS.length);
});

test("the texts of options do not break a Markdown table", () => {
  const cells = ALL_OPTIONS.flatMap((option) => [option.meaning, option.defaultMeaning ?? option.default]);
  expect(cells.filter((cell) => /[|<>\n]/.test(cell))).toEqual([]);
});

test("every default is valid, and explained if empty", () => {
  for (const option of ALL_OPTIONS) {
    option.parse(option.default, option.flag);
    expect(option.default !== "" || option.defaultMeaning !== undefined).toBe(true);
  }
});
