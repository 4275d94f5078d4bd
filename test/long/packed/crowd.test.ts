/** More helpers at once, and more that die, than the tests of the packed layout have. */
import { afterEach, beforeEach, setDefaultTimeout, test } from "bun:test";
import { fetchOnce } from "../../e2e/packed/fetch-once.ts";
import { killHelpers } from "../../e2e/packed/kill-helpers.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(600_000);

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("crowd");
});
afterEach(() => dir[Symbol.dispose]());

test("twenty go commands at once on an empty machine fetch once", () => fetchOnce(dir, 20));

test("what ten helpers that were killed have not uploaded is uploaded by the next ones on that machine", () =>
  killHelpers(dir, 10));
