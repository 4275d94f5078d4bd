import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { mayEndWithGo } from "../../../src/app/remote/machine-life.ts";
import { tempDir } from "../../support/temp-dir.ts";

function procWith(sessions: Record<string, number>) {
  const dir = tempDir("proc");
  for (const [process, session] of Object.entries(sessions)) {
    mkdirSync(dir.join(process));
    writeFileSync(dir.join(process, "stat"), `7 (a (strange) name) S 1 7 ${session} 0 -1 4194560 1 2 3\n`);
  }
  return dir;
}

test.each([{ CI: "true" }, { GITHUB_ACTIONS: "true" }, { JENKINS_URL: "http://localhost" }])(
  "a machine of CI (%p) may end with go",
  (env) => {
    using proc = procWith({ self: 40, "1": 1 });
    expect(mayEndWithGo(env, proc.path)).toBe(true);
  },
);

test("a container may end with go when its first process is of the same session", () => {
  using proc = procWith({ self: 1, "1": 1 });
  expect(mayEndWithGo({}, proc.path)).toBe(true);
});

test("a machine whose first process is of another session stays", () => {
  using proc = procWith({ self: 40, "1": 1 });
  expect(mayEndWithGo({}, proc.path)).toBe(false);
});

test("a machine without /proc stays", () => {
  using proc = procWith({});
  expect(mayEndWithGo({ CI: "" }, proc.path)).toBe(false);
});
