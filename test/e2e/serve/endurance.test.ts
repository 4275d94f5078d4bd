/** Many sessions in a row, and many connections that make no sense. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { hexOf, idOf, sha256Hex } from "../../support/ids.ts";
import { closed, dial, LinkClient } from "../../support/link-client.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(120_000);

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

/** Puts an output on the disk, as a session does before it tells the server. */
function placeOutput(text: string): string {
  const id = sha256Hex(text);
  const path = dir.join("cache", "output", id.slice(0, 2), id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return id;
}

function actionOf(index: number): string {
  return hexOf(idOf(`action ${index}`));
}

test("a thousand sessions, fifty at once: neither memory nor descriptors grow after the two-hundredth", async () => {
  await using server = await serve();
  const outputs = Array.from({ length: 50 }, (_, index) => placeOutput(`output ${index}`));
  const used = outputs.map((output, index) => [actionOf(index), output, `output ${index}`.length, 1]);
  const session = async (index: number) => {
    const link = await LinkClient.open(server.plugin);
    const at = index % outputs.length;
    expect(await link.ask("get", 1, actionOf(10_000 + index))).toEqual(["got", 1, "unknown"]);
    expect(await link.ask("put", 2, ...(used[at] ?? []))).toEqual(["noted", 2]);
    expect(await link.ask("used", 3, used)).toEqual(["noted", 3]);
    await link.end();
  };
  const round = async (from: number) => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => session(from + index)));
  };
  const rest = async () => {
    await fetch(`${server.http}/debug/gc`).catch(() => undefined);
    return { bytes: server.residentBytes(), descriptors: server.descriptors() };
  };
  for (let from = 0; from < 200; from += 50) await round(from);
  const before = await rest();
  for (let from = 200; from < 1000; from += 50) await round(from);
  while (server.descriptors() > before.descriptors) await Bun.sleep(10);
  const after = await rest();
  console.log(`resident: ${Math.round(before.bytes / MIB)} MiB, then ${Math.round(after.bytes / MIB)} MiB`);
  expect(after.bytes - before.bytes).toBeLessThan(32 * MIB);
  expect((await server.stop()).exitCode).toBe(0);
});

/** Bytes of every kind that no client sends. */
function nonsense(index: number): Buffer {
  const random = crypto.getRandomValues(Buffer.alloc(1 + (index % 300)));
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

test("ten thousand connections that make no sense: the server lives, and sessions beside them are right", async () => {
  await using server = await serve();
  const output = placeOutput("right");
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
  while (server.descriptors() > before) await Bun.sleep(10);
  expect(server.residentBytes()).toBeLessThan(400 * MIB);
  const { exitCode, stderr } = await server.stop();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
