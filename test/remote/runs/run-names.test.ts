import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  countedRunName,
  endedRunName,
  formatRunName,
  jobFolder,
  parseRunName,
  runStem,
} from "../../../src/remote/runs/run-names.ts";

const STARTED_MS = 1_767_225_600_000;
const WRITER = "0123456789ab";
const NAME = fc.string({ unit: "binary", maxLength: 300 });

describe("the name of a run", () => {
  test("contains its start, its run and its writer", () => {
    const key = `ci/${formatRunName({ startedMs: STARTED_MS, run: "77-2/x", writer: WRITER, hasEnded: false })}`;
    expect(parseRunName(key)).toEqual({
      startedMs: STARTED_MS,
      run: "77-2%2Fx",
      writer: WRITER,
      entries: undefined,
      hasEnded: false,
    });
  });

  test("says how many entries the run has used, while it goes on and when it has ended", () => {
    const name = formatRunName({ startedMs: STARTED_MS, run: "77", writer: WRITER, hasEnded: false });
    const counted = countedRunName(countedRunName(name, 12), 1_000_000);
    expect(parseRunName(counted)).toMatchObject({ writer: WRITER, entries: 1_000_000, hasEnded: false });
    const ended = countedRunName(endedRunName(counted), 7);
    expect(parseRunName(ended)).toMatchObject({ writer: WRITER, entries: 7, hasEnded: true });
    expect(new Set([name, counted, ended].map(runStem)).size).toBe(1);
  });

  test("can be parsed whatever the name of the run", () => {
    fc.assert(
      fc.property(NAME, fc.nat(), (run, startedMs) => {
        const name = formatRunName({ startedMs, run, writer: WRITER, hasEnded: true });
        expect(parseRunName(name)).toMatchObject({ startedMs, writer: WRITER });
      }),
    );
  });

  test.each([
    "",
    "run/x.json.zst",
    "8232774399999-1.json.zst",
    "8232774399999--m.json.zst",
    "823277439999-1-m.json.zst",
    "8232774399999-1-m.json",
    "8232774399999-1-m.json.zst.tmp",
  ])("is not %j", (key) => {
    expect(parseRunName(`run/a/${key}`)).toBeUndefined();
  });
});

test("different lists of names have different folders", () => {
  fc.assert(
    fc.property(fc.array(NAME, { minLength: 2, maxLength: 3 }), (names) => {
      expect(jobFolder(...names).split("/")).toHaveLength(names.length);
      expect(jobFolder(...names)).not.toBe(jobFolder(names.join("/")));
    }),
  );
});
