/** The split layout, and a helper that is killed before it has uploaded everything. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { s3Flags } from "../support/binary.ts";
import { CacheprogClient } from "../support/cacheprog-client.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { operationOf } from "../support/faults.ts";
import { idOf } from "../support/ids.ts";
import { plainEnv } from "../support/process.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(120_000);

const GO_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

test("in the split layout, the next helper uploads the pending entries of a killed one", async () => {
  await using s3 = await startS3Server();
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  using dir = tempDir("split-journal");
  const start = (cache: string) =>
    CacheprogClient.start({
      args: [...s3Flags(s3, { layout: "split", endpoint: proxy.endpoint }), `--cache-dir=${dir.join(cache)}`],
      env: plainEnv({ ...GO_ENV, ...s3.env }),
      cwd: dir.path,
    });
  const isPut = (request: { method: string; path: string }) => operationOf(request) === "put";
  proxy.fail(isPut, { kind: "hang" });
  const names = ["one", "two", "three"];
  await using victim = await start("machine");
  for (const name of names) await victim.put(idOf(name), Buffer.from(name));
  while (!proxy.seen.some(isPut)) await Bun.sleep(5);
  victim.signal("SIGKILL");
  await victim.ended();
  proxy.heal();
  await using next = await start("machine");
  await next.put(idOf("four"), Buffer.from("four"));
  await next.close();
  await next.finish();
  await using other = await start("other");
  const found: (string | undefined)[] = [];
  for (const name of [...names, "four"]) {
    const { DiskPath } = await other.get(idOf(name));
    found.push(DiskPath && (await Bun.file(DiskPath).text()));
  }
  expect(found).toEqual([...names, "four"]);
});
