import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LocalCache } from "../../src/buildcache/local-cache.ts";
import { WithoutTestResults } from "../../src/remote/without-test-results.ts";
import { openLocal, putOutput } from "../buildcache/local-fixture.ts";
import { idOf, sha256Hex } from "../support/ids.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let local: LocalCache;

beforeAll(() => {
  dir = tempDir("without-test-results");
  local = openLocal(dir.path).local;
});

afterAll(() => dir[Symbol.dispose]());

function receive(to: WithoutTestResults, action: string, body: string): boolean {
  const record = { outputId: sha256Hex(body), sizeBytes: body.length };
  putOutput(local, record.outputId, body);
  return to.putRecord(idOf(action), record, 1_000);
}

test.each(["# test log\n", "ok  \texample.com/a\t0.004s\n"])(
  "%j is refused, and does not count as missing",
  (body) => {
    const to = new WithoutTestResults(local);
    expect(receive(to, "log", body)).toBe(false);
    expect([local.get(idOf("log")), to.get(idOf("log")), to.has(idOf("log"))]).toEqual([
      undefined,
      undefined,
      true,
    ]);
  },
);

test("the record of anything else is written", () => {
  const to = new WithoutTestResults(local);
  expect(receive(to, "compile", "!<arch>\n")).toBe(true);
  expect([to.get(idOf("compile"))?.sizeBytes, to.has(idOf("compile")), to.has(idOf("never"))]).toEqual([
    8,
    true,
    false,
  ]);
});
