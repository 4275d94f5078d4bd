import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { MachineMaking } from "../../../src/app/summary/machine-making.ts";
import { savedMs } from "../../../src/app/summary/saved-time.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { tempDir } from "../../support/temp-dir.ts";

function open(root: string, puts = 0, ms = 0) {
  const counters = new Counters();
  const making = new MachineMaking(root, counters);
  counters.add("put", puts);
  counters.add("made_ms", ms);
  return { counters, making };
}

test.each(["", "null", "{}", '{"puts":-1,"ms":2}', '{"puts":"x","ms":2}'])(
  "a file of %j knows nothing",
  (text) => {
    using dir = tempDir("making");
    mkdirSync(dir.join("state"));
    writeFileSync(dir.join("state", "making.json"), text);
    expect(open(dir.path, 2, 30).making.total()).toEqual({ puts: 2, ms: 30 });
  },
);

test("what this machine has made is kept, and each session's added once", () => {
  using dir = tempDir("making");
  const first = open(dir.path, 10, 500);
  first.making.save();
  first.making.save();
  first.counters.add("put", 5);
  first.making.save();
  open(dir.path, 1, 100).making.save();
  expect(open(dir.path).making.total()).toEqual({ puts: 16, ms: 600 });
});

test("a new machine begins with what the first record says, and keeps it though it makes nothing", () => {
  using dir = tempDir("making");
  const { making } = open(dir.path);
  making.learn(undefined);
  making.learn({ puts: 100, ms: 5_000 });
  making.learn({ puts: 7, ms: 7 });
  expect(making.total()).toEqual({ puts: 100, ms: 5_000 });
  making.save();
  expect(open(dir.path).making.total()).toEqual({ puts: 100, ms: 5_000 });
});

test("what records say does not count where the machine knows", () => {
  using dir = tempDir("making");
  open(dir.path, 10, 500).making.save();
  const { making } = open(dir.path);
  making.learn({ puts: 100, ms: 1 });
  expect(making.total()).toEqual({ puts: 10, ms: 500 });
});

test("what was long ago counts less in the end", () => {
  using dir = tempDir("making");
  open(dir.path, 400_000, 400_000).making.save();
  expect(open(dir.path).making.total()).toEqual({ puts: 100_000, ms: 100_000 });
});

test.each([
  [
    "hits at the average of what was made",
    { get_local_hit: 90, get_remote_hit: 10 },
    { puts: 200, ms: 10_000 },
    5_000,
  ],
  ["nothing when nothing was hit", { get: 5 }, { puts: 200, ms: 10_000 }, undefined],
  ["nothing when too little was made", { get_local_hit: 90 }, { puts: 49, ms: 10_000 }, undefined],
  [
    "nothing when few puts would speak for many hits",
    { get_local_hit: 2_000 },
    { puts: 99, ms: 10_000 },
    undefined,
  ],
])("saved time: %s", (_, counts, making, saved) => {
  expect(savedMs(counts as Record<string, number>, making)).toBe(saved as number);
});
