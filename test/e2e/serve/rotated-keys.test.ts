/** A server with keys in a file that are rotated while it runs. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { s3Flags } from "../../support/binary.ts";
import { putPolicy } from "../../support/bucket-policy.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { startPluginServer, untilRefused, untilStored } from "../../support/plugin-server.ts";
import { plainEnv } from "../../support/process.ts";
import { addUser, changeSecret, removeUser, startS3Server } from "../../support/s3-server.ts";
import { tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

const GO_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
const RIGHTS = ["GetObject", "PutObject", "DeleteObject"];

test("keys are read again when the bucket refuses them, and no put is lost until they are corrected", async () => {
  await using s3 = await startS3Server({ users: true });
  using dir = tempDir("rotated-keys");
  const flags = s3Flags(s3, { layout: "packed" });
  const keysFile = dir.join("credentials");
  const writeKeys = (name: string, secret = "") =>
    writeFileSync(keysFile, `[default]\naws_access_key_id = ${name}\naws_secret_access_key = ${secret}\n`);
  const allow = (...names: string[]) =>
    putPolicy(
      s3,
      names.flatMap((name) => [
        [name, RIGHTS, ""],
        [name, ["ListBucket"]],
      ]),
    );
  const first = await addUser(s3, "first");
  await allow("first");
  writeKeys("first", first.AWS_SECRET_ACCESS_KEY);
  await using server = await startPluginServer({
    cacheDir: dir.join("server"),
    flags,
    env: { AWS_SHARED_CREDENTIALS_FILE: keysFile, AWS_CONFIG_FILE: dir.join("none") },
    cwd: dir.path,
  });
  const put = async (name: string) => {
    await using session = await CacheprogClient.start({
      args: ["connect", server.plugin],
      env: plainEnv({ ...GO_ENV, GOCACHE: dir.join("gocache") }),
      cwd: dir.path,
    });
    await session.put(idOf(name), Buffer.from(name));
    await session.close();
    await session.finish();
  };
  const names = ["before", "with the new secret", "while refused", "with other keys"] as const;
  await put(names[0]);
  await untilStored(server);

  writeKeys("first", await changeSecret(s3, "first"));
  await put(names[1]);
  await untilStored(server);

  await removeUser(s3, "first");
  await put(names[2]);
  await untilRefused(server);
  const second = await addUser(s3, "second");
  await allow("second");
  writeKeys("second", second.AWS_SECRET_ACCESS_KEY);
  await put(names[3]);
  await untilStored(server);

  await using other = await CacheprogClient.start({
    args: [...flags, `--cache-dir=${dir.join("other")}`],
    env: plainEnv({ ...GO_ENV, ...s3.env }),
    cwd: dir.path,
  });
  const found: string[] = [];
  for (const name of names) {
    const { DiskPath } = await other.get(idOf(name));
    found.push(DiskPath === undefined ? "" : await Bun.file(DiskPath).text());
  }
  expect(found).toEqual([...names]);
});
