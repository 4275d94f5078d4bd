/** Linters open the files that go's cache named long after go and the helper have ended. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { goInstall } from "../support/go-install.ts";
import { NEWEST_GO } from "../support/go-toolchain.ts";
import { setLinterStage } from "../support/linter-stage.ts";
import { tempDir } from "../support/temp-dir.ts";
import { UNUSEDRESULT } from "../support/tools.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("a linter finds a mistake with a warm read-only cache", async () => {
  await using dir = tempDir("linters");
  const lint = await setLinterStage(dir, NEWEST_GO);
  const unusedresult = await goInstall(UNUSEDRESULT);
  expect(await lint([unusedresult, "-funcs=strings.ToUpper", "./..."], "unusedresult")).toEqual({
    exitCode: 3,
    stdout: "",
    stderr: expect.stringMatching(/^\S*mistaken\.go:13:\d+: result of strings\.ToUpper call not used\n$/),
  });
});
