import { expect, test } from "bun:test";
import { parseCommandLine } from "../../../src/cli/command-line.ts";
import { ALL_OPTIONS } from "../../../src/cli/options/options.ts";
import { type Environment, resolveSettings } from "../../../src/cli/options/settings.ts";
import { startNotes } from "../../../src/cli/text/start-notes.ts";

function notesOf(args: string[], env: Environment): string[] {
  return startNotes(resolveSettings(parseCommandLine(args).flags, {}), env);
}

test.each([
  ["GOCACHE_BUCKET", "GOCACHE_BUCKET is not a variable of this program (did you mean GOCACHE_S3_BUCKET?)"],
  [
    "GOCACHE_S3_BUKCET",
    "GOCACHE_S3_BUKCET is not a variable of this program (did you mean GOCACHE_S3_BUCKET?)",
  ],
  ["GOCACHE_PREFIX", "GOCACHE_PREFIX is not a variable of this program (did you mean GOCACHE_KEY_PREFIX?)"],
  ["GOCACHE_PROG", "GOCACHE_PROG is not a variable of this program (did you mean GOCACHEPROG?)"],
  [
    "GOCACHE_MIN_UPLOAD_SIZE",
    "GOCACHE_MIN_UPLOAD_SIZE is not a variable of this program (did you mean GOCACHE_MIN_SIZE?)",
  ],
  ["GOCACHE_FOO", "GOCACHE_FOO is not a variable of this program"],
  ["GOCACHE_", "GOCACHE_ is not a variable of this program (did you mean GOCACHE?)"],
])("names %s", (name, note) => {
  expect(notesOf([], { [name]: "x" })).toEqual([note]);
});

test("does not mention known variables, go's own and those of other programs", () => {
  const known = Object.fromEntries(ALL_OPTIONS.map((option) => [option.env, ""]));
  expect(notesOf([], { ...known, GOCACHE: "/x", GOCACHEPROG: "x", GOCACHED: "x", HOME: "/root" })).toEqual(
    [],
  );
});

test("mentions a raised expiry, and only that", () => {
  expect(notesOf(["--expiry=5h"], {})).toEqual(["--expiry is raised to 6h, the minimum"]);
  expect(notesOf(["--expiry=6h"], {})).toEqual([]);
  expect(notesOf(["--expiry=0"], {})).toEqual([]);
});
