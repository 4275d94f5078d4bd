/** Many connections with garbage. Valid sessions are in `test/soak`. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { eventually } from "../../support/eventually.ts";
import { hexOf, idOf } from "../../support/ids.ts";
import { closed, dial, LinkClient } from "../../support/link-client.ts";
import { placeOutput } from "../../support/place-output.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { noise } from "../../support/seed.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const MIB = 1 << 20;

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("endurance");
  mkdirSync(dir.join("bucket"));
});
afterEach(() => dir[Symbol.dispose]());

function serve() {
  return startPluginServer({
    cacheDir: dir.join("cache"),
    flags: [`--bucket=file://${dir.join("bucket")}`],
    cwd: dir.path,
  });
}

function actionOf(index: number): string {
  return hexOf(idOf(`action ${index}`));
}

/** Bytes that no client sends, of every kind. */
function nonsense(index: number): Buffer {
  const random = noise(1 + (index % 300), index);
  const get = `{"ID":1,"Command":"get","ActionID":"${idOf("x")}"}\n\n`;
  const kinds = [
    random,
    Buffer.concat([Buffer.from("{"), random]),
    Buffer.concat([Buffer.from("link "), random, Buffer.from("\n")]),
    Buffer.from(get.slice(0, 1 + (index % get.length))),
    Buffer.from('{"ID":1,"Command":"put","ActionID":"AAAA","OutputID":"AAAA","BodySize":9}\n\n"AAA'),
    Buffer.from('link {"version":2,"scope":{}}\n["get",1,"x"]\n'),
    Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Buffer.alloc(0),
  ];
  return kinds[index % kinds.length] ?? random;
}

async function bother(address: string, index: number): Promise<void> {
  const socket = await dial(address);
  socket.resume();
  const bytes = nonsense(index);
  // A slow one now and then.
  if (index % 50 === 0) for (const byte of bytes.subarray(0, 40)) socket.write(Buffer.of(byte));
  else socket.write(bytes);
  if (index % 3 === 0) socket.resetAndDestroy();
  else socket.end();
  await closed(socket);
}

test("after ten thousand connections with garbage, the server runs, and concurrent sessions got right answers", async () => {
  await using server = await serve();
  const output = placeOutput(dir.join("cache"), "right");
  await bother(server.plugin, 0);
  const before = server.descriptors();
  const link = await LinkClient.open(server.plugin);
  for (let from = 0; from < 10_000; from += 250) {
    const botherings = Array.from({ length: 250 }, (_, index) => bother(server.plugin, from + index));
    expect(await link.ask("put", from + 1, actionOf(from), output, 5, 1)).toEqual(["noted", from + 1]);
    expect(await link.ask("get", from + 2, actionOf(-1))).toEqual(["got", from + 2, "unknown"]);
    await Promise.all(botherings);
  }
  await link.end();
  await eventually("no descriptor is left", () => server.descriptors() <= before);
  expect(server.residentBytes()).toBeLessThan(400 * MIB);
  const { exitCode, stderr } = await server.stop();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
