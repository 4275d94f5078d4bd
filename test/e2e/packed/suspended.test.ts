/** A helper that is suspended for so long that it counts as dead. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { utimesSync } from "node:fs";
import { filesBelow } from "../../support/file-tree.ts";
import { idOf } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(120_000);

test("entries that it puts after waking up are not lost when it is killed then", async () => {
  using dir = tempDir("suspended");
  const team = new PackedTeam(dir.path);
  const start = (name: string) => team.startHelper(name);
  const session = async (action: string) => {
    await using helper = await start("machine");
    await helper.put(idOf(action), Buffer.from(action));
    await helper.close();
    await helper.ended();
  };
  await using suspended = await start("machine");
  const journals = () => filesBelow(dir.join("machine")).filter((name) => name.includes("/journal/"));
  // It may have uploaded its first puts before it is stopped.
  for (let n = 0; journals().length === 0; n++) {
    suspended.signal("SIGCONT");
    await suspended.put(idOf(`before ${n}`), Buffer.from(`before ${n}`));
    suspended.signal("SIGSTOP");
  }
  const longAgo = Date.now() / 1000 - 61;
  for (const name of journals()) utimesSync(dir.join("machine", name), longAgo, longAgo);
  await session("meanwhile");
  expect(journals()).toEqual([]);

  suspended.signal("SIGCONT");
  await suspended.put(idOf("afterwards"), Buffer.from("afterwards"));
  suspended.signal("SIGKILL");
  await suspended.ended();
  await session("later");
  await using other = await start("other");
  const { DiskPath = "" } = await other.get(idOf("afterwards"));
  expect(DiskPath === "" ? "a miss" : await Bun.file(DiskPath).text()).toBe("afterwards");
});
