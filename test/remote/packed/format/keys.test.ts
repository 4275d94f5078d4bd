import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { additionScopeHash, PackedKeys, scopeHash } from "../../../../src/remote/packed/format/keys.ts";
import type { Scope } from "../../../../src/remote/scope/scope.ts";
import { splitKey } from "../../../../src/store/directory/directory-key.ts";
import { PLATFORM, scopeOf } from "../stocked-bucket.ts";

const STARTED_MS = 1_767_225_600_000;
const MACHINE = "0123456789ab";
const PACK = "ab".repeat(32);
const NAME = fc.string({ unit: "binary", maxLength: 300 });
const SCOPE = fc
  .record({ platform: NAME, project: NAME, branch: NAME, job: NAME, run: NAME })
  .map((names) => scopeOf(names));

function allKeys(keys: PackedKeys, scope: Scope): string[] {
  return [
    keys.pack(PACK),
    keys.run(scope, STARTED_MS, MACHINE),
    keys.head(scope),
    keys.addition(scope, STARTED_MS),
    keys.shared(scope.platform),
  ];
}

describe("keys", () => {
  const scope = scopeOf({ branch: "feature/x", job: "test/linux 1.26", run: "77-2" });

  test("match the documented layout", () => {
    const shown = allKeys(new PackedKeys("ci"), scope).map((key) =>
      key.replace(/[0-9a-f]{12}\.json/, "<id>.json"),
    );
    const names = `${PLATFORM}/example.com%2Fa`;
    expect(shown).toEqual([
      `ci/packed/v1/pack/ab/${PACK}`,
      `ci/packed/v1/run/${names}/feature%2Fx/test%2Flinux%201.26/8232774399999-77-2-<id>.json.zst`,
      `ci/packed/v1/head/${names}/feature%2Fx/test%2Flinux%201.26.json.zst`,
      `ci/packed/v1/new/${names}/8232774399999-${scopeHash(scope)}-<id>.json.zst`,
      `ci/packed/v1/shared/${PLATFORM}.json.zst`,
    ]);
  });

  test.each([
    ["", "packed/v1/"],
    ["ci", "ci/packed/v1/"],
    ["ci/", "ci/packed/v1/"],
    ["a//b/", "a/b/packed/v1/"],
  ])("with the prefix %j", (prefix, root) => {
    expect(new PackedKeys(prefix).root).toBe(root);
  });

  test("of a job's runs are below their branch's folder, and not below another job's", () => {
    const keys = new PackedKeys("ci");
    expect(keys.run(scope, 0, MACHINE)).toStartWith(keys.runs(scope));
    expect(keys.runs(scope)).toStartWith(keys.runsOfBranch(scope, "feature/x"));
    expect(keys.runs(scope, "main")).toStartWith(keys.runsOfBranch(scope, "main"));
    expect(keys.runs({ ...scope, job: "test" })).not.toStartWith(keys.runs({ ...scope, job: "tes" }));
  });

  test("of additions differ, even at the same time", () => {
    const keys = new PackedKeys("");
    expect(keys.addition(scope, 0)).not.toBe(keys.addition(scope, 0));
  });

  test("are valid file paths for any scope name", () => {
    fc.assert(
      fc.property(SCOPE, (odd) => {
        for (const key of allKeys(new PackedKeys("ci"), odd)) expect(() => splitKey(key)).not.toThrow();
      }),
    );
  });
});

describe("a listing starts with the newest", () => {
  test.each([
    [STARTED_MS, STARTED_MS - 1],
    [1, 0],
    [9_999_999_999_999, 1_000_000_000_000],
  ])("%p sorts before %p", (newer, older) => {
    const keys = new PackedKeys("");
    expect(keys.run(scopeOf(), newer, "z") < keys.run(scopeOf(), older, "a")).toBe(true);
  });

  test("times before 1970 and after 2286 make valid keys", () => {
    const times = [-5, 1e15].map((ms) => new PackedKeys("").run(scopeOf({ run: "1" }), ms, "m"));
    expect(times.map((key) => key.slice(key.lastIndexOf("/") + 1))).toEqual([
      "9999999999999-1-m.json.zst",
      "0000000000000-1-m.json.zst",
    ]);
  });
});

describe("the hash of a scope", () => {
  const scope = scopeOf();

  test("is part of an addition's name", () => {
    expect(additionScopeHash(new PackedKeys("ci").addition(scope, STARTED_MS))).toBe(scopeHash(scope));
    expect(additionScopeHash("new/8232774399999-xyz-1.json.zst")).toBeUndefined();
  });

  test("has 16 hex digits and is the same in every run", () => {
    expect(scopeHash({ ...scope, run: "2", fallbackBranches: ["x"] })).toBe(scopeHash(scope));
    expect(scopeHash(scope)).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each(["platform", "project", "branch", "job"])("depends on the %s", (name) => {
    expect(scopeHash({ ...scope, [name]: "other" })).not.toBe(scopeHash(scope));
  });

  test("depends on the boundaries between the names", () => {
    const hashes = [
      { branch: "a", job: "b/c" },
      { branch: "a/b", job: "c" },
      { branch: 'a","b', job: "" },
    ].map((names) => scopeHash({ ...scope, ...names }));
    expect(new Set(hashes).size).toBe(3);
  });
});
