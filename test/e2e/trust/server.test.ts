/** A server and its clients, with trusted keys. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { formatPublicKey } from "../../../src/lib/text/ed25519-text.ts";
import { binaryPath } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { plainEnv, type Running, start } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { keygen } from "./trusted-team.ts";

const BODY = Buffer.from("what was built");
const GO = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

let dir: TempDir;
let trustKey: string;

beforeEach(async () => {
  dir = tempDir("trust-server");
  mkdirSync(dir.join("bucket"));
  trustKey = formatPublicKey((await keygen(dir.join("key"))).publicKey);
});
afterEach(() => dir[Symbol.dispose]());

/** `args`: with the server's keys. */
function serve(machine: string, args: string[]): Running {
  const place = [`--plugin=${dir.join(`${machine}.sock`)}`, `--cache-dir=${dir.join(machine)}`];
  const argv = [binaryPath(), "serve", ...place, `--bucket=file://${dir.join("bucket")}`, ...args];
  return start(argv, { env: plainEnv({ ...GO, GOCACHE: "/nonexistent" }), cwd: dir.path });
}

function connect(machine: string): Promise<CacheprogClient> {
  const env = plainEnv({ ...GO, GOCACHE: dir.join(`gocache-${machine}`), GOCACHE_TRUST_KEYS: trustKey });
  return CacheprogClient.start({
    args: ["connect", dir.join(`${machine}.sock`), "--wait=60s"],
    env,
    cwd: dir.path,
  });
}

test("a server signs the puts of its clients, and another server that trusts it finds them", async () => {
  await using one = serve("one", [`--sign-key=${dir.join("key")}`]);
  const client = await connect("one");
  await client.put(idOf("action"), BODY);
  await client.close();
  one.signal("SIGTERM");
  expect((await one.outcome).exitCode).toBe(0);
  await using _two = serve("two", [`--trust-key=${trustKey}`]);
  await using other = await connect("two");
  const { DiskPath } = await other.get(idOf("action"));
  expect(await Bun.file(DiskPath ?? "").text()).toBe(BODY.toString());
});

test("a client with trusted keys does not use a server without them", async () => {
  await using server = serve("open", []);
  const client = await connect("open");
  expect(await client.get(idOf("action"))).toEqual({ ID: 1, Miss: true });
  await client.close();
  const { exitCode, stderr } = await client.ended();
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr:
      "go-cache-plugin: the server is not used: it does not belong to this user, or trusts other keys\n",
  });
  server.signal("SIGTERM");
});
