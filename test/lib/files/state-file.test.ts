import { expect, test } from "bun:test";
import { readFileSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { BYTES, jsonOf, LINE, StateFile } from "../../../src/lib/files/state-file.ts";
import { isCount, shape } from "../../../src/lib/shape.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const JSON_CODEC = jsonOf(shape({ bytes: isCount }));

test("what one process has saved the next one loads", () => {
  using dir = tempDir("state");
  const path = dir.join("state", "region-1");
  expect(new StateFile(path, LINE).save("eu-central-1")).toBeUndefined();
  expect(new StateFile(path, LINE).load()).toBe("eu-central-1");
  expect(filesBelow(dir.path)).toEqual(["state/region-1"]);
  expect(readFileSync(path, "utf8")).toBe("eu-central-1\n");
});

test("JSON is loaded if it has the shape", () => {
  using dir = tempDir("state");
  const file = new StateFile(dir.join("json"), JSON_CODEC);
  file.save({ bytes: 5 });
  expect([file.load(), readFileSync(dir.join("json"), "utf8")]).toEqual([{ bytes: 5 }, '{"bytes":5}\n']);
  for (const text of ["", "{", "null", "5", "[]", "{}", '{"bytes":"5"}']) {
    writeFileSync(dir.join("json"), text);
    expect(file.load()).toBeUndefined();
  }
});

test("a file that is missing, empty or a directory has no value", () => {
  using dir = tempDir("state");
  writeFileSync(dir.join("empty"), " \n");
  const values = ["none", "empty", "."].map((name) => new StateFile(dir.join(name), LINE).load());
  expect(values).toEqual([undefined, undefined, undefined]);
});

test("a file above the limit has no value", () => {
  using dir = tempDir("state");
  const file = new StateFile(dir.join("bytes"), BYTES, 10);
  file.save(new Uint8Array(10));
  expect(file.load()).toEqual(Buffer.alloc(10));
  truncateSync(dir.join("bytes"), 11);
  expect(file.load()).toBeUndefined();
});

test("where nothing can be written save says why, and nothing throws", () => {
  using dir = tempDir("state");
  writeFileSync(dir.join("file"), "");
  const file = new StateFile(dir.join("file", "region"), LINE);
  expect(file.save("eu-central-1")).toMatch(/ENOTDIR|EEXIST/);
  file.remove();
  expect([file.load(), file.ageMs]).toEqual([undefined, undefined]);
});

test("the age is the time since it was saved, negative when that is in the future", () => {
  using dir = tempDir("state");
  const file = new StateFile(dir.join("stamp"), BYTES);
  expect(file.ageMs).toBeUndefined();
  file.save(new Uint8Array());
  for (const agoSeconds of [3_600, -3_600]) {
    const then = Date.now() / 1000 - agoSeconds;
    utimesSync(dir.join("stamp"), then, then);
    expect(Math.round((file.ageMs ?? 0) / 10_000)).toBe(agoSeconds / 10);
  }
  file.remove();
  expect(file.ageMs).toBeUndefined();
});

testOnPosix("a link is replaced, not followed, and only the owner may read the file", () => {
  using dir = tempDir("state");
  writeFileSync(dir.join("elsewhere"), "theirs");
  symlinkSync(dir.join("elsewhere"), dir.join("line"));
  const file = new StateFile(dir.join("line"), LINE);
  expect(file.load()).toBeUndefined();
  file.save("ours");
  expect([file.load(), readFileSync(dir.join("elsewhere"), "utf8")]).toEqual(["ours", "theirs"]);
  expect(statSync(dir.join("line")).mode & 0o777).toBe(0o600);
});
