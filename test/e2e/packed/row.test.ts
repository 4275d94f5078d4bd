/** A row of go commands in a container that ends with the last of them. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { plainEnv } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// A guard against hanging only.
setDefaultTimeout(120_000);

const ENV = { CI: "true", GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
/** From this length on, a session counts as long. */
const LONG_MS = 10_000;

test("what a long command puts last is uploaded when it ends, although another one ended right before it", async () => {
  using dir = tempDir("row");
  const team = new PackedTeam(dir.path);
  const start = (name: string) =>
    CacheprogClient.start({
      args: [`--bucket=file://${team.bucket}`, `--cache-dir=${dir.join(name)}`],
      env: plainEnv(ENV),
      cwd: dir.path,
      detached: true,
    });
  await using vet = await start("container");
  await vet.put(idOf("vet"), Buffer.from("what was vetted"));
  await vet.close();
  await vet.finish();
  await using long = await start("container");
  const startedMs = performance.now();
  await long.get(idOf("test"));
  while (performance.now() - startedMs < LONG_MS) await Bun.sleep(100);
  await long.put(idOf("test"), Buffer.from("what was tested"));
  await long.close();
  // The container vanishes as soon as go has its answer.
  long.signal("SIGKILL");
  await using other = await start("other");
  const { DiskPath = "" } = await other.get(idOf("test"));
  expect(await Bun.file(DiskPath).text()).toBe("what was tested");
});
