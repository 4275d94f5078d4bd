/** More helpers at once, and more killed ones, than in the tests of the packed layout. */
import { afterEach, beforeEach, setDefaultTimeout, test } from "bun:test";
import { fetchOnce } from "../../e2e/packed/fetch-once.ts";
import { killHelpers } from "../../e2e/packed/kill-helpers.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("crowd");
});
afterEach(() => dir[Symbol.dispose]());

test("twenty go commands at once on an empty machine fetch every object once", () => fetchOnce(dir, 20));

test("the next helpers on the machine upload the remaining entries of ten killed ones", () =>
  killHelpers(dir, 10));
