/** A long session, such as that of a `go test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../../support/eventually.ts";
import { idOf } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("five seconds after its last put, its entries are available to other machines", async () => {
  using dir = tempDir("checkpoint");
  const team = new PackedTeam(dir.path);
  const start = (name: string) => team.startHelper(name);
  await using one = await start("one");
  await one.put(idOf("a"), Buffer.from("what was built"));
  await eventually("a record of the run", () => team.objects("run").length > 0);
  await using other = await start("other");
  const { DiskPath = "" } = await other.get(idOf("a"));
  expect(await Bun.file(DiskPath).text()).toBe("what was built");
  expect(one.isRunning).toBe(true);
});
