import { expect, test } from "bun:test";
import { ProgressLine } from "../../../src/cli/text/progress-line.ts";

const CLEAR = "\r\u001b[K";
/** What fills up a line that has no end yet. */
const BLANKS = " ".repeat(30);

function open(columns: number | undefined) {
  const clock = { ms: 0 };
  const texts: string[] = [];
  const line = new ProgressLine({
    columns: () => columns,
    write: (text) => texts.push(text),
    now: () => clock.ms,
  });
  return { line, clock, texts };
}

test("prints nothing without a terminal", () => {
  const { line, clock, texts } = open(undefined);
  using _line = line;
  for (clock.ms = 0; clock.ms < 10_000; clock.ms += 500) line.update({ stage: "reading", done: 1, total: 2 });
  line.clear();
  expect(texts).toEqual([]);
});

test("prints nothing for work of less than a second", () => {
  const { line, clock, texts } = open(30);
  {
    using _line = line;
    for (clock.ms = 0; clock.ms < 1_000; clock.ms += 50) line.update({ stage: "reading", done: 1, total: 2 });
  }
  expect(texts).toEqual([]);
});

test("replaces its line at most five times a second, and removes it at the end", () => {
  const { line, clock, texts } = open(30);
  {
    using _line = line;
    for (let done = 1; clock.ms < 1_500; done++) {
      line.update({ stage: "reading", done, total: done < 140 ? 150 : undefined });
      clock.ms += 10;
    }
  }
  expect(texts).toEqual([
    `${BLANKS}${CLEAR}reading: 101 of 150, 1 s`,
    `${CLEAR}reading: 121 of 150, 1 s`,
    `${CLEAR}reading: 141, 1 s`,
    CLEAR,
  ]);
});

test("appears again after other output, on its own line", () => {
  const { line, clock, texts } = open(30);
  using _line = line;
  clock.ms = 3_000;
  line.update({ stage: "reading" });
  line.clear();
  clock.ms = 4_000;
  line.update({ stage: "reading", done: 3 << 20, unit: "bytes" });
  expect(texts).toEqual([`${BLANKS}${CLEAR}reading, 3 s`, CLEAR, `${BLANKS}${CLEAR}reading: 3.0 MiB, 4 s`]);
});

test("is never wider than the terminal, since it could not remove two lines", () => {
  const { line, clock, texts } = open(30);
  using _line = line;
  clock.ms = 1_000;
  line.update({ stage: "looking at something that has a very long name" });
  expect(texts[0]?.slice((BLANKS + CLEAR).length)).toBe("looking at something that has");
});
