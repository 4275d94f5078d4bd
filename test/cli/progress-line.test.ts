import { expect, test } from "bun:test";
import { ProgressLine } from "../../src/cli/progress-line.ts";

function open(isTerminal: boolean) {
  const clock = { ms: 0 };
  const texts: string[] = [];
  const line = new ProgressLine({ isTerminal, write: (text) => texts.push(text), now: () => clock.ms });
  return { line, clock, texts };
}

test("says nothing where no terminal is", () => {
  const { line, texts } = open(false);
  line.update({ stage: "reading", done: 1, total: 2 });
  line.clear();
  expect(texts).toEqual([]);
});

test("replaces its line, at most ten times a second, and takes it away at the end", () => {
  const { line, clock, texts } = open(true);
  {
    using _line = line;
    for (let done = 1; done <= 30; done++) {
      line.update({ stage: "reading", done, total: done < 20 ? 30 : undefined });
      clock.ms += 10;
    }
  }
  const clear = "\r\u001b[K";
  expect(texts).toEqual([
    `${clear}reading: 1 of 30`,
    `${clear}reading: 11 of 30`,
    `${clear}reading: 21`,
    clear,
  ]);
});

test("what was never shown is not taken away", () => {
  const { line, texts } = open(true);
  line.clear();
  expect(texts).toEqual([]);
});
