import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { checkLocal } from "../../src/buildcache/check-local.ts";
import type { Finding } from "../../src/store/finding.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { sha256Hex } from "../support/ids.ts";
import { testOnPosix } from "../support/platform.ts";
import { rejection } from "../support/rejection.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, writeAged, writeEntry } from "./local-fixture.ts";

const OTHER = sha256Hex("other");

async function check(root: string, isRepairing = false) {
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => findings.push(finding);
  const { signal } = new AbortController();
  const report = await checkLocal({ dir: new LocalDir(root), isRepairing, onFinding, signal });
  return { outputs: { ...report.outputs }, records: report.records, findings };
}

describe("a finding is", () => {
  test.each([
    ["altered", "hellp"],
    ["cut off", "hell"],
    ["empty", ""],
    ["longer", "hello!"],
  ])("an output that is %s, with the records that name it", async (_, body) => {
    await using temp = tempDir("check-local");
    const dir = new LocalDir(temp.path);
    writeEntry(dir, { actionId: ACTION, outputId: HELLO, body });
    const [output, action] = [dir.path("output", HELLO), dir.path("action", ACTION)];
    const expected = [
      { where: output, what: `its bytes have the SHA-256 ${sha256Hex(body)}`, isRemoved: false },
      { where: action, what: `its output ${HELLO} is wrong`, isRemoved: false },
    ];
    expect((await check(temp.path)).findings).toEqual(expected);
    expect([existsSync(output), existsSync(action)]).toEqual([true, true]);
    const repaired = await check(temp.path, true);
    expect(repaired.findings).toEqual(expected.map((finding) => ({ ...finding, isRemoved: true })));
    expect([existsSync(output), existsSync(action)]).toEqual([false, false]);
    expect(await check(temp.path)).toEqual({ outputs: { count: 0, sizeBytes: 0 }, records: 0, findings: [] });
  });

  test.each([
    ["nothing", "", "not an action record"],
    ["nonsense", "nonsense", "not an action record"],
    ["an output that is missing", `${OTHER} 5\n`, `its output ${OTHER} is missing`],
    ["an output of another size", `${HELLO} 6\n`, `its output ${HELLO} has 5 bytes, not 6`],
  ])("a record of %s, while the output stays", async (_, text, what) => {
    await using temp = tempDir("check-local");
    const dir = new LocalDir(temp.path);
    writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hello" });
    writeAged(dir.path("action", ACTION), text);
    const { findings } = await check(temp.path, true);
    expect(findings).toEqual([{ where: dir.path("action", ACTION), what, isRemoved: true }]);
    expect(existsSync(dir.path("output", HELLO))).toBe(true);
  });

  test("not a foreign directory", async () => {
    await using temp = tempDir("check-local");
    mkdirSync(temp.join("output", HELLO.slice(0, 2), HELLO), { recursive: true });
    expect(await check(temp.path, true)).toEqual({
      outputs: { count: 0, sizeBytes: 0 },
      records: 0,
      findings: [],
    });
  });
});

testOnPosix("foreign files are ignored", async () => {
  await using temp = tempDir("check-local");
  const names = ["output/README", "output/zz/x", `output/00/${HELLO}`, "output/2c/2cff", "action/00/note"];
  for (const name of [...names, `action/ab/${"ab".repeat(20)}`]) writeAged(temp.join(name), "x");
  symlinkSync("nowhere", temp.join("output", "2c", `2c${"0".repeat(62)}`));
  expect(await check(temp.path, true)).toEqual({
    outputs: { count: 0, sizeBytes: 0 },
    records: 0,
    findings: [],
  });
});

test("a missing directory is empty", async () => {
  await using temp = tempDir("check-local");
  expect((await check(temp.join("none"))).findings).toEqual([]);
  expect(existsSync(temp.join("none"))).toBe(false);
});

test("counts valid outputs and records", async () => {
  await using temp = tempDir("check-local");
  const dir = new LocalDir(temp.path);
  writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  writeEntry(dir, { actionId: "11".repeat(32), outputId: HELLO, body: "hello" });
  expect(await check(temp.path, true)).toEqual({
    outputs: { count: 1, sizeBytes: 5 },
    records: 2,
    findings: [],
  });
});

test("stops with the signal's reason", async () => {
  await using temp = tempDir("check-local");
  const dir = new LocalDir(temp.path);
  writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  const stop = new Error("enough");
  const options = { dir, isRepairing: true, onFinding: () => {}, signal: AbortSignal.abort(stop) };
  expect(await rejection(checkLocal(options))).toBe(stop);
  expect(existsSync(dir.path("output", HELLO))).toBe(true);
});
