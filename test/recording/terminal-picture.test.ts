import { expect, test } from "bun:test";
import { type Exchange, terminalPicture } from "./terminal-picture.ts";

/** The texts of the picture's lines, with their kinds. */
function lines(exchanges: Exchange[], columns = 40): string[] {
  const rows = terminalPicture("title", exchanges, columns).matchAll(
    /<text class="(\w+)" x="20".*?>(.*?)<\/text>/g,
  );
  return [...rows].map(([, kind, text]) => `${kind}: ${text}`);
}

test("shows commands, their output, and how long they took", () => {
  const exchange = { command: "# first\nmake a \\\n  b", output: "one\n\ntwo\n", elapsedMs: 1_234 };
  expect(lines([exchange])).toEqual([
    "comment: # first",
    "command: $ make a \\",
    "command: >   b",
    "output: one",
    "output: two",
    "time: # 1.2 s",
    "output: ",
  ]);
});

test("is well-formed for every output, and cuts long lines", () => {
  const [command, output] = lines([{ command: "a", output: `<b> & "c" ${"d".repeat(50)}` }]);
  expect(command).toBe("command: $ a");
  expect(output).toBe(`output: &lt;b> &amp; &quot;c&quot; ${"d".repeat(29)}…`);
});
