import { expect, test } from "bun:test";
import { loadCommands } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { renderCommandsMarkdown, renderOptionsMarkdown } from "../../../src/cli/options/option-docs.ts";
import { ALL_OPTIONS } from "../../../src/cli/options/options.ts";

const README = new URL("../../../README.md", import.meta.url);

test("README.md shows the table of options", async () => {
  const text = await Bun.file(README).text();
  const shown = /<!-- options -->\n(.*?)<!-- \/options -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(renderOptionsMarkdown().trim());
});

test("README.md shows the list of commands", async () => {
  const text = await Bun.file(README).text();
  const shown = /<!-- commands -->\n(.*?)<!-- \/commands -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(renderCommandsMarkdown(await loadCommands(COMMANDS)).trim());
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
