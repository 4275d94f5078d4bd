/** A bucket that answers, and sends so slowly that go would wait longer for its outputs than for its compiler. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { randomFillSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { writeModule } from "../../support/go-project.ts";
import { startS3Server } from "../../support/s3-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { checkGoCache, NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** A minute at the proxy's speed. */
const DATA_BYTES = 6 << 20;
const BYTES_PER_SECOND = 100_000;

test("restore gives up with one line, and go compiles what is missing", async () => {
  using dir = tempDir("slow-bucket");
  await using s3 = await startS3Server();
  await using slow = await FaultProxy.start({ target: s3.endpoint, bytesPerSecond: BYTES_PER_SECOND });
  const team = new NativeTeam(dir.path);
  const project = writeModule(dir.join("project"), "example.com/data", {
    "data.go": 'package data\n\nimport _ "embed"\n\n//go:embed data.bin\nvar Data string\n',
  });
  writeFileSync(join(project, "data.bin"), randomFillSync(Buffer.alloc(DATA_BYTES)));
  const flags = (endpoint: string) => ["--only=build", ...s3Flags(s3, { layout: "packed", endpoint })];
  const full = await team.idleMachine();
  await team.build(full, project);
  await succeeded(team.program(full, project, ["save", ...flags(s3.endpoint)], s3.env));

  const machine = await team.idleMachine();
  const args = ["restore", ...flags(slow.endpoint), "--remote-timeout=3s"];
  const { exitCode, stderr } = await team.program(machine, project, args, s3.env);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringMatching(/^go-cache-plugin: .*: it sends less than 500 KB a second\n$/),
  });
  expect(checkGoCache(machine.gocache).wrong).toEqual([]);
  expect(await team.build(machine, project)).toBe(1);
});
