import { describe, expect, test } from "bun:test";
import { figuresOf } from "../../../src/app/summary/figures.ts";
import { summaryLines } from "../../../src/app/summary/summary-text.ts";

const MIB = 1 << 20;
const RESTORE = { restores: 1, restore_entries: 1_279, prefetch_outputs: 1_270, prefetch_bytes: 58 * MIB };
const SAVE = { saves: 1, save_used: 1_142, save_added: 12 };

function lines(counts: Record<string, number>): string[] {
  return summaryLines(figuresOf(counts));
}

test("a job with go's own cache has no lookups, but what was restored, used and saved", () => {
  const traffic = { s3_requests: 15, s3_requests_get: 12, s3_requests_put: 3, s3_bytes_received: 58 * MIB };
  expect(lines({ ...RESTORE, ...SAVE, ...traffic })).toEqual([
    "98.9 % of the entries used were stored before (1,130 of 1,142), 58.0 MiB in 15 requests",
    "restored: 1,279 entries, 58.0 MiB fetched; saved: 12 new entries",
    "cost: requests $0.00002 (12 GET, 3 PUT or LIST); traffic up to $0.0055 outside AWS",
  ]);
});

test.each([
  ["only a restore", RESTORE, ["1,279 entries restored", "restored: 1,279 entries, 58.0 MiB fetched"]],
  ["a restore of nothing", { restores: 1 }, ["nothing restored", "restored: 0 entries, 0 B fetched"]],
  [
    "only a save",
    SAVE,
    ["98.9 % of the entries used were stored before (1,130 of 1,142)", "saved: 12 new entries"],
  ],
  [
    "a first run",
    { saves: 1, save_used: 1, save_added: 1 },
    ["0.0 % of the entries used were stored before (0 of 1)", "saved: 1 new entry"],
  ],
  [
    "saves of nothing new",
    { saves: 2, save_used: 5 },
    ["100.0 % of the entries used were stored before (5 of 5)", "saved: nothing new"],
  ],
  ["a save without a build", { saves: 1 }, ["go used no entries", "saved: nothing new"]],
])("the lines of %s", (_, counts, expected) => {
  expect(lines(counts as unknown as Record<string, number>)).toEqual(expected as string[]);
});

test("entries that could not be restored are errors", () => {
  expect(lines({ ...RESTORE, restore_missing: 2 })[0]).toBe("errors: 2 entries could not be restored");
});

describe("modules are told apart from entries:", () => {
  const MODULES = { restore_entries_modules: 120, save_used_modules: 142, save_added_modules: 1 };
  const all = {
    ...RESTORE,
    ...SAVE,
    ...MODULES,
    restore_entries: 1_399,
    save_used: 1_284,
    save_added: 13,
  };

  test("they are beside what go used", () => {
    expect(lines(all)).toEqual([
      "98.9 % of the entries used were stored before (1,130 of 1,142)",
      "restored: 1,279 entries, 120 modules, 58.0 MiB fetched; saved: 12 new entries, 1 new module",
    ]);
    expect(figuresOf(all).native).toMatchObject({
      restored: 1_279,
      used: 1_142,
      added: 12,
      modules: { restored: 120, missing: 0, present: 142, added: 1 },
    });
  });

  test("those that are missing are counted, and are errors", () => {
    expect(lines({ ...all, restore_missing: 3, restore_missing_modules: 2 }).slice(0, 3)).toEqual([
      "errors: 3 entries could not be restored",
      "98.9 % of the entries used were stored before (1,130 of 1,142)",
      "restored: 1,279 entries, 120 of 122 modules, 58.0 MiB fetched; saved: 12 new entries, 1 new module",
    ]);
  });

  test.each<[string, Record<string, number>, string[]]>([
    [
      "a restore",
      { restores: 1, restore_entries: 120, restore_entries_modules: 120 },
      ["120 modules restored", "restored: 120 modules, 0 B fetched"],
    ],
    [
      "a save",
      { saves: 1, save_used: 4, save_used_modules: 4, save_added: 1, save_added_modules: 1 },
      ["75.0 % of the modules were stored before (3 of 4)", "saved: 1 new module"],
    ],
    [
      "a vain restore",
      { restores: 1, restore_missing: 2, restore_missing_modules: 2 },
      [
        "errors: 2 entries could not be restored",
        "nothing restored",
        "restored: 0 of 2 modules, 0 B fetched",
      ],
    ],
  ])("%s of modules alone", (_, counts, expected) => {
    expect(lines(counts)).toEqual(expected);
  });
});

test("a bucket that refuses is said to be of no use", () => {
  expect(lines({ restores: 1, remote_list_denied: 1 })[0]).toBe(
    "The bucket was not used: s3:ListBucket is not granted (403). Nothing was shared.",
  );
});

test("a job of both kinds has the lines of both", () => {
  expect(lines({ ...SAVE, get: 10, get_local_hit: 9 })).toEqual([
    "90.0 % hits (9 of 10), 98.9 % of the entries used were stored before (1,130 of 1,142)",
    "sources: 9 local disk, 0 bucket, 1 missed",
    "saved: 12 new entries",
  ]);
});
