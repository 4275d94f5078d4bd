/** A bucket that loses packs under a running server. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { inlineEntries } from "../../remote/packed/made-record.ts";
import { binaryPath, commandLine } from "../../support/binary.ts";
import { chainModule } from "../../support/go-project.ts";
import { startPluginServer, untilStored } from "../../support/plugin-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { PackedTeam } from "../packed/packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

test("outputs of lost packs are uploaded again, and no record names a lost pack", async () => {
  using dir = tempDir("lost-packs");
  const team = new PackedTeam(dir.path);
  const project = chainModule(dir.join("project"), { name: "lost", count: 6 });
  const flags = [`--bucket=file://${team.bucket}`];
  const warm = await warmMachine(dir.join("served"), { trimpath: true });
  const { cacheDir } = warm;
  await using server = await startPluginServer({ cacheDir, flags, cwd: dir.path });
  const machine = { ...warm, cacheprog: commandLine([binaryPath(), "connect", server.plugin]) };
  expect(await team.build(machine, project)).toBeGreaterThan(0);
  await untilStored(server);
  const lost = team.objects("pack");
  for (const path of lost) rmSync(path);
  for (const kind of ["action", "output"]) rmSync(join(cacheDir, kind), { recursive: true });
  expect(await team.build(machine, project)).toBeGreaterThan(0);
  expect((await server.stop()).exitCode).toBe(0);
  const records = await Promise.all(
    team.objects("run").map(async (path) => inlineEntries(await Bun.file(path).bytes())),
  );
  const named = records.flatMap((entries) => entries.flatMap(({ place }) => place?.pack.id ?? []));
  expect(named.length).toBeGreaterThan(0);
  const stored = team.objects("pack").map((path) => basename(path));
  expect([...new Set(named)].filter((id) => !stored.includes(id))).toEqual([]);
  expect(await team.build(team.newMachine(), project)).toBe(0);
});
