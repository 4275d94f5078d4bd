import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { isErrno } from "../../../src/lib/files/errno.ts";

function readError(path: string): unknown {
  try {
    return readFileSync(path);
  } catch (error) {
    return error;
  }
}

test("knows the codes of a system error", () => {
  const missing = readError("/no/such/file");
  const answers = [
    isErrno(missing, "ENOENT"),
    isErrno(missing, "EACCES", "ENOENT"),
    isErrno(missing, "EACCES"),
  ];
  expect(answers).toEqual([true, true, false]);
});

test("what is no system error has none", () => {
  const others = [new Error("ENOENT"), { code: "ENOENT" }, "ENOENT", undefined, null];
  expect(others.map((error) => isErrno(error, "ENOENT"))).toEqual(others.map(() => false));
});
