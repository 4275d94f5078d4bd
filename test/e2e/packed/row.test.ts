/** Consecutive go commands, on a machine that stays, and in a container that ends with the last of them. */

import { expect, setDefaultTimeout, test } from "bun:test";
import type { CacheprogClient } from "../../support/cacheprog-client.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { idOf } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(120_000);

const ENV = { CI: "true" };
/** A session of this length or longer counts as long. */
const LONG_MS = 10_000;

test.concurrent("the last puts of a long command are uploaded when it ends, although another one ended right before it", async () => {
  using dir = tempDir("row");
  const team = new PackedTeam(dir.path);
  const start = (name: string) => team.startHelper(name, { env: ENV, detached: true });
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
  // The container ends as soon as go has its answer.
  long.signal("SIGKILL");
  await using other = await start("other");
  const { DiskPath = "" } = await other.get(idOf("test"));
  expect(await Bun.file(DiskPath).text()).toBe("what was tested");
});

async function textOf(helper: CacheprogClient, action: string): Promise<string> {
  const { DiskPath = "" } = await helper.get(idOf(action));
  return DiskPath === "" ? "a miss" : await Bun.file(DiskPath).text();
}

test.concurrent("all entries of several projects that are built one after the other reach the bucket", async () => {
  using dir = tempDir("row");
  const team = new PackedTeam(dir.path);
  const names = ["one", "two", "three", "four"];
  const start = (machine: string, name: string) =>
    team.startHelper(machine, {
      cwd: writeModule(dir.join(name), `example.com/${name}`, {}),
      // In a session of its own, so that it counts as a machine that stays.
      detached: true,
    });
  await using helpers = new AsyncDisposableStack();
  const endings: Promise<unknown>[] = [];
  for (const name of names) {
    const helper = helpers.use(await start("machine", name));
    await helper.put(idOf(name), Buffer.from(name));
    await helper.close();
    endings.push(helper.finish());
  }
  await Promise.all(endings);
  expect(filesBelow(dir.join("machine")).filter((path) => path.includes("/journal/"))).toEqual([]);
  for (const name of names) {
    await using other = await start("other", name);
    expect(await textOf(other, name)).toBe(name);
  }
});

test.concurrent("a long command also uploads the remaining entries of a killed one before it", async () => {
  using dir = tempDir("row");
  const team = new PackedTeam(dir.path);
  const start = (name: string) => team.startHelper(name, { env: ENV });
  await using first = await start("machine");
  await first.put(idOf("first"), Buffer.from("first"));
  await first.close();
  await first.finish();
  await using killed = await start("machine");
  await killed.put(idOf("killed"), Buffer.from("what was left"));
  await killed.close();
  killed.signal("SIGKILL");
  await killed.ended();
  await using long = await start("machine");
  const startedMs = performance.now();
  await long.get(idOf("long"));
  while (performance.now() - startedMs < LONG_MS) await Bun.sleep(100);
  await long.put(idOf("long"), Buffer.from("what was tested"));
  await long.close();
  await long.finish();
  await using other = await start("other");
  expect(await textOf(other, "killed")).toBe("what was left");
});
