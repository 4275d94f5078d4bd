import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import {
  type EntryJournal,
  type JournalEntry,
  leftScopes,
  openJournal,
} from "../../../../src/remote/packed/write/journal.ts";
import { age, HOUR_MS } from "../../../buildcache/local-fixture.ts";
import { immutable } from "../../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../../support/platform.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { scopeOf } from "../stocked-bucket.ts";

const ENTRY: JournalEntry = {
  actionId: "0a".repeat(32),
  outputId: "0b".repeat(32),
  sizeBytes: 5,
  putTimeMs: 1_700_000_000_000,
};
const OTHER = { ...ENTRY, actionId: "0c".repeat(32), sizeBytes: 0 };
/** No system has that many processes. */
const DEAD_PID = 999_999_999;

function journalIn(dir: TempDir, scope = scopeOf()): EntryJournal {
  return openJournal(dir.join("journal"), scope);
}

/** The only journal in the directory. */
function journalPath(dir: TempDir): string {
  const names = readdirSync(dir.join("journal"));
  expect(names).toHaveLength(1);
  return dir.join("journal", names[0] ?? "");
}

/** An orphaned journal with those entries. */
function left(dir: TempDir, entries: JournalEntry[], scope = scopeOf()): void {
  const journal = journalIn(dir, scope);
  for (const entry of entries) journal.append([entry]);
  journal.stopHeartbeat();
  const own = readdirSync(dir.join("journal")).find((name) => name.startsWith(`${process.pid}-`)) ?? "";
  renameSync(dir.join("journal", own), dir.join("journal", own.replace(/^\d+/, `${DEAD_PID}`)));
}

test("a journal contains the scope and a line for each put", () => {
  using dir = tempDir("journal");
  const journal = journalIn(dir);
  journal.append([{ ...ENTRY, putTimeMs: 1_700_000_000_000.7 }]);
  journal.append([OTHER]);
  const [head = "", ...lines] = readFileSync(journalPath(dir), "utf8").split("\n");
  expect(JSON.parse(head)).toEqual({
    ...JSON.parse(JSON.stringify(scopeOf())),
    pidSpace: expect.any(String),
  });
  expect(lines).toEqual([
    `${ENTRY.actionId} ${ENTRY.outputId} 5 1700000000000`,
    `${OTHER.actionId} ${OTHER.outputId} 0 1700000000000`,
    "",
  ]);
  journal.discard();
});

test("a journal has no file before the first put and after a discard, and then starts again", () => {
  using dir = tempDir("journal");
  const journal = journalIn(dir);
  expect([journal.adopt(), readdirSync(dir.path)]).toEqual([[], []]);
  journal.append([ENTRY]);
  journal.discard();
  expect(readdirSync(dir.join("journal"))).toEqual([]);
  journal.append([OTHER]);
  expect(readFileSync(journalPath(dir), "utf8")).toContain(`}\n${OTHER.actionId}`);
  journal.discard();
});

describe("the journal of a dead helper", () => {
  test("is adopted at once, by one helper", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY, OTHER]);
    expect([journalIn(dir).adopt(), journalIn(dir).adopt()]).toEqual([[ENTRY, OTHER], []]);
  });

  test("is removed with the adopter's own journal when everything is in the bucket", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY]);
    const journal = journalIn(dir);
    journal.adopt();
    journal.append([OTHER]);
    expect(readdirSync(dir.join("journal"))).toHaveLength(2);
    journal.discard();
    expect(readdirSync(dir.join("journal"))).toEqual([]);
  });

  test("can be adopted again after the adopter left it and ended", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY]);
    const journal = journalIn(dir);
    journal.adopt();
    journal.stopHeartbeat();
    const path = journalPath(dir);
    renameSync(path, path.replace(`${process.pid}-`, `${DEAD_PID}-`));
    expect(journalIn(dir).adopt()).toEqual([ENTRY]);
  });

  test("on another machine is adopted after a minute without a change", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY]);
    const path = journalPath(dir);
    writeFileSync(path, readFileSync(path, "utf8").replace(/"pidSpace":"/, "$&another "));
    age(path, 59_000);
    expect(journalIn(dir).adopt()).toEqual([]);
    age(path, 61_000);
    expect(journalIn(dir).adopt()).toEqual([ENTRY]);
  });

  test.each([
    ["project", scopeOf({ project: "example.com/b" })],
    ["platform", scopeOf({ platform: "darwin_arm64_go1.26.3" })],
  ])("of another %s is not adopted", (_, scope) => {
    using dir = tempDir("journal");
    left(dir, [ENTRY], scope);
    expect([journalIn(dir).adopt(), journalIn(dir, scope).adopt()]).toEqual([[], [ENTRY]]);
  });

  test("of another branch and job is adopted", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY], scopeOf({ branch: "pr-1", job: "lint", run: "2" }));
    expect(journalIn(dir).adopt()).toEqual([ENTRY]);
  });

  test("expires after seven days, for any scope", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY], scopeOf({ project: "example.com/b" }));
    age(journalPath(dir), 7 * 24 * HOUR_MS + 60_000);
    expect([journalIn(dir).adopt(), readdirSync(dir.join("journal"))]).toEqual([[], []]);
  });
});

test("a journal that was handed over is adopted at once, although its helper is alive", () => {
  using dir = tempDir("journal");
  const journal = journalIn(dir);
  const used = { actionId: OTHER.actionId };
  journal.append([ENTRY, used]);
  journal.handOver();
  journal.append([ENTRY]);
  expect(journalIn(dir).adopt()).toEqual([ENTRY, used]);
  expect(readdirSync(dir.join("journal"))).toHaveLength(2);
  journal.discard();
});

test("the journal of a live helper is not adopted", () => {
  using dir = tempDir("journal");
  const living = journalIn(dir);
  living.append([ENTRY]);
  expect(journalIn(dir).adopt()).toEqual([]);
  living.append([OTHER]);
  expect(readFileSync(journalPath(dir), "utf8")).toContain(OTHER.actionId);
  living.discard();
});

describe("a journal that", () => {
  test.each([
    ["was truncated within an id", `${OTHER.actionId.slice(0, 20)}`],
    ["was truncated within its last number", `${OTHER.actionId} ${OTHER.outputId} 5 17000`],
    ["lacks its last line break", `${OTHER.actionId} ${OTHER.outputId} 5 1700000000000`],
    ["has invalid lines", `\n\0\0\0\n../../x ${OTHER.outputId} 5 1\n${OTHER.actionId} 5 1\n`],
  ])("%s yields its valid lines", (_, more) => {
    using dir = tempDir("journal");
    left(dir, [ENTRY]);
    appendFileSync(journalPath(dir), more);
    expect(journalIn(dir).adopt()).toEqual([ENTRY]);
  });

  test.each(["", "{", "null\n", "[]\n", '{"platform":1}\n', "\0".repeat(4096)])(
    "begins with %j is ignored",
    (text) => {
      using dir = tempDir("journal");
      mkdirSync(dir.join("journal"));
      writeFileSync(dir.join("journal", `${DEAD_PID}-x`), text);
      age(dir.join("journal", `${DEAD_PID}-x`), HOUR_MS);
      expect([journalIn(dir).adopt(), readdirSync(dir.join("journal")).length]).toEqual([[], 1]);
    },
  );
});

test("a disk that refuses a journal is no error", () => {
  using dir = tempDir("journal");
  writeFileSync(dir.join("journal"), "");
  const journal = journalIn(dir);
  journal.append([ENTRY]);
  expect(journal.adopt()).toEqual([]);
  journal.discard();
});

testOnLinux("a journal that can't be renamed is not adopted", () => {
  using dir = tempDir("journal");
  left(dir, [ENTRY]);
  using _closed = immutable(dir.join("journal"));
  expect(journalIn(dir).adopt()).toEqual([]);
});

test("the scopes of orphaned journals are listed once each, and other files are ignored", () => {
  using dir = tempDir("journal");
  left(dir, [ENTRY]);
  left(dir, [OTHER]);
  left(dir, [ENTRY], scopeOf({ project: "example.com/\u00e9" }));
  writeFileSync(dir.join("journal", "foreign"), "nothing of ours\n");
  const alive = journalIn(dir, scopeOf({ project: "example.com/alive" }));
  alive.append([ENTRY]);
  const projects = leftScopes(dir.join("journal")).map(({ project }) => project);
  expect(projects).toHaveLength(2);
  expect(new Set(projects)).toEqual(new Set([scopeOf().project, "example.com/\u00e9"]));
  alive.discard();
});

describe("limits:", () => {
  test("a journal that is too large is not adopted, and expires after a week", () => {
    using dir = tempDir("journal");
    left(dir, [ENTRY]);
    truncateSync(journalPath(dir), (4 << 20) + 1);
    expect(journalIn(dir).adopt()).toEqual([]);
    age(journalPath(dir), 8 * 24 * HOUR_MS);
    expect([journalIn(dir).adopt(), readdirSync(dir.join("journal"))]).toEqual([[], []]);
  });

  test("as many journals are adopted as fit, and the next helper adopts the rest", () => {
    using dir = tempDir("journal");
    for (let n = 0; n < 6; n++) {
      left(dir, [n === 0 ? OTHER : ENTRY]);
      for (const name of readdirSync(dir.join("journal"))) truncateSync(dir.join("journal", name), 3 << 20);
    }
    const [first, second] = [journalIn(dir), journalIn(dir)];
    const adopted = [first.adopt(), second.adopt()];
    expect(adopted.map((entries) => entries.length)).toEqual([5, 1]);
    expect(adopted.flat()).toContainEqual(OTHER);
    for (const journal of [first, second]) journal.discard();
  });

  testOnPosix("a journal is readable by its owner only, and the size of its files is bounded", () => {
    using dir = tempDir("journal");
    const journal = journalIn(dir);
    const many = Array.from({ length: 100_000 }, () => ENTRY);
    journal.append(many);
    for (const name of readdirSync(dir.join("journal"))) {
      const { mode, size } = statSync(dir.join("journal", name));
      expect((mode & 0o777).toString(8)).toBe("600");
      expect(size).toBeLessThanOrEqual(4 << 20);
    }
    journal.discard();
  });
});

testOnPosix("other files are kept, and links are not followed", () => {
  using dir = tempDir("journal");
  mkdirSync(dir.join("elsewhere"));
  mkdirSync(dir.join("journal"));
  for (const path of ["elsewhere/1-a", "journal/notes.txt"]) {
    writeFileSync(dir.join(path), "");
    age(dir.join(path), 30 * 24 * HOUR_MS);
  }
  symlinkSync(dir.join("elsewhere"), dir.join("linked"));
  symlinkSync(dir.join("elsewhere", "1-a"), dir.join("journal", "1-b"));
  for (const name of ["journal", "linked"]) openJournal(dir.join(name), scopeOf()).adopt();
  expect(readdirSync(dir.join("journal")).sort()).toEqual(["1-b", "notes.txt"]);
  expect(readdirSync(dir.join("elsewhere"))).toEqual(["1-a"]);
});
