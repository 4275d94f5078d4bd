import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LocalEntry } from "../../src/buildcache/entry.ts";
import type { LocalCache } from "../../src/buildcache/local-cache.ts";
import { OwnTestResults } from "../../src/buildcache/own-test-results.ts";
import { idOf, sha256Hex } from "../support/ids.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { openLocal, putOutput } from "./local-fixture.ts";
import { RecordingRemote } from "./recording-remote.ts";

const LOG = "# test log\ngetenv HOME\n";
const PRINTED = "ok  \texample.com/a\t0.004s\n";
const ARCHIVE = "!<arch>\n";

let dir: TempDir;
let local: LocalCache;

beforeAll(() => {
  dir = tempDir("own-test-results");
  local = openLocal(dir.path).local;
});

afterAll(() => dir[Symbol.dispose]());

function entryOf(action: string, body: string): LocalEntry {
  const outputId = sha256Hex(body);
  const path = putOutput(local, outputId, body);
  return { actionId: idOf(action), outputId, sizeBytes: body.length, putTimeMs: 1, path };
}

test("results of tests are not put, all else is", () => {
  const remote = new RecordingRemote();
  const own = new OwnTestResults(remote, local);
  const archive = entryOf("compile", ARCHIVE);
  for (const entry of [entryOf("log", LOG), entryOf("printed", PRINTED), archive]) own.put(entry);
  expect(remote.puts).toEqual([archive]);
});

test("a result that the remote has is a miss, all else a hit", async () => {
  const remote = new RecordingRemote();
  const own = new OwnTestResults(remote, local);
  const [log, printed] = [entryOf("log", LOG), entryOf("printed", PRINTED)];
  const archive = entryOf("compile", ARCHIVE);
  for (const entry of [log, printed, archive]) remote.answers.set(entry.actionId, Promise.resolve(entry));
  expect(await own.get(log.actionId)).toBeUndefined();
  expect(await own.get(printed.actionId)).toBeUndefined();
  expect(await own.get(archive.actionId)).toEqual(archive);
});

test("the rest reaches the remote", async () => {
  const remote = new RecordingRemote();
  const own = new OwnTestResults(remote, local);
  own.used(idOf("a"));
  await own.drain();
  await own.settle();
  expect([remote.uses, remote.drains, remote.settles]).toEqual([[idOf("a")], 1, 1]);
});
