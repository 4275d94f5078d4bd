import { expect, test } from "bun:test";
import { type SessionEntry, SessionLog } from "../../../../src/remote/packed/write/session-log.ts";
import { entryOf } from "../stocked-bucket.ts";

function used(text: string, more: Partial<SessionEntry> = {}): SessionEntry {
  const { place: _, ...entry } = entryOf(text);
  return { ...entry, path: `/${text}`, isNew: false, ...more };
}

function logOf(...entries: SessionEntry[]): SessionLog {
  const log = new SessionLog();
  for (const entry of entries) log.add(entry);
  return log;
}

test("the log contains each action once, in the order of first use", () => {
  const log = logOf(used("a"), used("b"), used("a"), used("c"));
  expect(log.entries).toEqual([used("a"), used("b"), used("c")]);
});

test("an action that was put again has its new output, and keeps its position", () => {
  const again = { ...used("other"), actionId: used("a").actionId, isNew: true };
  expect(logOf(used("a"), used("b"), again).entries).toEqual([again, used("b")]);
});

test("a put entry stays new when it is used, but not with another output", () => {
  const put = used("a", { isNew: true });
  const other = { ...used("other"), actionId: put.actionId };
  expect(logOf(put, used("a")).entries).toEqual([put]);
  expect(logOf(put, other).entries).toEqual([other]);
});

test("published entries are not new", () => {
  const log = logOf(used("a", { isNew: true }), used("b", { isNew: true }), used("c"));
  log.markPublished(log.entries.filter(({ path }) => path !== "/b"));
  expect(log.entries).toEqual([used("a"), used("b", { isNew: true }), used("c")]);
});

test("an entry that is put again during the publishing stays new", () => {
  const log = logOf(used("a", { isNew: true }));
  const published = log.entries;
  log.add(used("a", { isNew: true, putTimeMs: 2 }));
  log.markPublished(published);
  expect(log.entries).toEqual([used("a", { isNew: true, putTimeMs: 2 })]);
});

test("the number of new entries is counted", () => {
  const log = logOf(used("a", { isNew: true }), used("a"), used("b"), used("c", { isNew: true }));
  expect(log.unpublishedCount).toBe(2);
  log.add({ ...used("other"), actionId: used("a").actionId });
  expect(log.unpublishedCount).toBe(1);
  log.markPublished(log.entries);
  expect(log.unpublishedCount).toBe(0);
});
