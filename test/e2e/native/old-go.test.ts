/** A release without GOCACHEPROG has the shared cache by restore and save. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeModule } from "../../support/go-project.ts";
import { OLD_GO } from "../../support/go-toolchain.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { CI_ENV, checkGoCache, NativeTeam } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test(`go ${OLD_GO} compiles nothing that another machine has saved`, async () => {
  await using dir = tempDir("old-go");
  // Without a main package nothing of the standard library is compiled.
  const project = writeModule(dir.join("project"), "example.com/old", {
    "go.mod": "module example.com/old\n\ngo 1.21\n",
    "old.go": "package old\n\n// F is one.\nfunc F() int { return 1 }\n",
  });
  const team = new NativeTeam(dir.path);
  const machine = () => ({ ...team.newMachine(), env: { ...CI_ENV, GOTOOLCHAIN: `go${OLD_GO}` } });
  const first = machine();
  expect(await team.build(first, project)).toBe(1);
  expect((await team.program(first, project, ["save"])).stdout).toMatch(/^[1-9]\d* entries used/);
  const second = machine();
  expect((await team.program(second, project, ["restore"])).stderr).toBe("");
  expect(await team.build(second, project)).toBe(0);
  expect(checkGoCache(second.gocache).wrong).toEqual([]);
});
