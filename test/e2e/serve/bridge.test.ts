/** Sessions of clients that only pass bytes on: the server itself speaks go's protocol. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf, sha256Base64 } from "../../support/ids.ts";
import { dial } from "../../support/link-client.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("bridge");
  mkdirSync(dir.join("bucket"));
});
afterEach(() => dir[Symbol.dispose]());

const BODY = Buffer.from("what was built");

function serve(machine: string) {
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  return startPluginServer({ cacheDir: dir.join(machine), flags, cwd: dir.path });
}

/** Sends the bytes at once and returns the answer until the server closes. */
async function talk(address: string, requests: object[], body = ""): Promise<Record<string, unknown>[]> {
  const socket = await dial(address);
  for (const request of requests)
    socket.write(`${JSON.stringify(request)}\n\n${"BodySize" in request ? body : ""}`);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "end");
  socket.end();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .sort((a, b) => a.ID - b.ID);
}

const GET = { ID: 1, Command: "get", ActionID: idOf("a") };
const PUT = {
  ID: 2,
  Command: "put",
  ActionID: idOf("a"),
  OutputID: sha256Base64(BODY),
  BodySize: BODY.length,
};
const CLOSE = { ID: 9, Command: "close" };
const BASE64 = `"${BODY.toString("base64")}"\n`;

test("a session through a bridge gets hello and answers, and ends with close", async () => {
  await using server = await serve("machine");
  const [hello, miss, put, closed, ...more] = await talk(server.plugin, [GET, PUT, CLOSE], BASE64);
  expect(hello).toMatchObject({ ID: 0, KnownCommands: ["get", "put", "close"], Server: { pid: server.pid } });
  expect([miss, closed, more]).toEqual([{ ID: 1, Miss: true }, { ID: 9 }, []]);
  expect(await Bun.file(String(put?.DiskPath)).text()).toBe(BODY.toString());
  expect(await talk(server.plugin, [GET, CLOSE])).toContainEqual(
    expect.objectContaining({ ID: 1, OutputID: sha256Base64(BODY) }),
  );
});

test("its puts reach another machine's bridges through the bucket", async () => {
  const first = await serve("machine");
  await talk(first.plugin, [PUT, CLOSE], BASE64);
  expect((await first.stop()).exitCode).toBe(0);
  await using second = await serve("other");
  const [, hit] = await talk(second.plugin, [GET, CLOSE]);
  expect(hit).toMatchObject({ ID: 1, OutputID: sha256Base64(BODY), Size: BODY.length });
});

test("connect passes bytes on when another kind of server greets", async () => {
  await using server = await serve("machine");
  // The hello of an older server: the same line without our key.
  using old = Bun.listen<{ to: Bun.Socket | undefined }>({
    unix: dir.join("old.sock"),
    socket: {
      open: async (socket) => {
        const at = server.plugin.lastIndexOf(":");
        let isGreeted = false;
        socket.data = { to: undefined };
        socket.data.to = await Bun.connect({
          hostname: server.plugin.slice(0, at),
          port: Number(server.plugin.slice(at + 1)),
          socket: {
            data: (_, bytes) => {
              const text = bytes.toString();
              socket.write(isGreeted ? text : text.replace(/,"Server":\{[^}]*\}/, ""));
              isGreeted = true;
            },
            close: () => void socket.end(),
          },
        });
      },
      data: (socket, bytes) => void socket.data.to?.write(bytes),
      close: (socket) => void socket.data.to?.end(),
    },
  });
  const env = plainEnv({ GOCACHE: dir.join("gocache") });
  await using client = await CacheprogClient.start({
    args: ["connect", dir.join("old.sock")],
    env,
    cwd: dir.path,
  });
  expect(await client.get(idOf("unknown"))).toEqual({ ID: 1, Miss: true });
  const { DiskPath = "" } = await client.put(idOf("a"), BODY);
  expect(DiskPath).toStartWith(dir.join("machine"));
  expect(await client.close()).toEqual({ ID: 3 });
  expect(await client.ended()).toMatchObject({ exitCode: 0, stderr: "" });
  old.stop(true);
});
