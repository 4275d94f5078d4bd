import { expect, test } from "bun:test";
import { DEBUG_BITS, Logger } from "../../src/lib/logger.ts";

function logger(options: { verbose?: boolean; debugMask?: number } = {}): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = new Logger({ verbose: false, debugMask: 0, ...options, write: (line) => lines.push(line) });
  return { log, lines };
}

const unwanted = () => {
  throw new Error("a message that nobody reads was made");
};

test("as JSON, each line is an object with time, level and message", () => {
  const lines: string[] = [];
  const log = new Logger({ verbose: true, debugMask: 1, format: "json", write: (line) => lines.push(line) });
  log.warn("topic", "two\nlines");
  log.info(() => 'a "quote"');
  log.debug(DEBUG_BITS.build, () => "single");
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { time, level: "warn", message: "two\nlines" },
    { time, level: "info", message: 'a "quote"' },
    { time, level: "debug", message: "single" },
  ]);
});

test("is silent by default, and formats no message then", () => {
  const { log, lines } = logger();
  log.info(unwanted);
  for (const bit of Object.values(DEBUG_BITS)) log.debug(bit, unwanted);
  expect(lines).toEqual([]);
});

test("warns once a topic", () => {
  const { log, lines } = logger();
  log.warn("disk", "full");
  log.warn("remote", "gone");
  log.warn("disk", "full again");
  expect(lines).toEqual(["go-cache-plugin: full\n", "go-cache-plugin: gone\n"]);
});

test("says a message in one line", () => {
  const { log, lines } = logger({ verbose: true });
  log.info(() => "a\nb\n\nc");
  expect(lines).toEqual(["go-cache-plugin: a b  c\n"]);
});

test("says only what the debug mask names", () => {
  const { log, lines } = logger({ debugMask: DEBUG_BITS.build | DEBUG_BITS.proxy });
  log.debug(DEBUG_BITS.build, () => "build");
  log.debug(DEBUG_BITS.module, unwanted);
  log.debug(DEBUG_BITS.proxy, () => "proxy");
  expect(lines).toEqual(["go-cache-plugin: build\n", "go-cache-plugin: proxy\n"]);
});

test("prints requested output unchanged", () => {
  const { log, lines } = logger();
  log.print('{"get":1}');
  expect(lines).toEqual(['{"get":1}\n']);
});
