import { expect, setDefaultTimeout } from "bun:test";
import { linkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { resolve } from "node:path";
import { clearStaleSocket } from "../../src/net/stale-socket.ts";
import { testOnPosix } from "../support/platform.ts";
import { rejection } from "../support/rejection.ts";
import { tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const SERVERS = 6;
const ROUNDS = 12;

/** A socket file that nothing listens on. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(`${path}.live`, listening));
  linkSync(`${path}.live`, path);
  await new Promise((closed) => server.close(closed));
}

function read(path: string): Promise<string> {
  return new Promise((done, failed) => {
    let text = "";
    connect(path)
      .on("data", (data) => (text += data))
      .on("end", () => done(text))
      .on("error", failed);
  });
}

function startContender(path: string) {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, "socket-contender.ts"), path], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const line = async () => new TextDecoder().decode((await reader.read()).value).trim();
  const dispose = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { child, line, [Symbol.asyncDispose]: dispose };
}

testOnPosix(
  "of servers that find a dead server's socket at once, one listens there and can be reached",
  async () => {
    using dir = tempDir("stale-socket");
    for (let round = 0; round < ROUNDS; round++) {
      const path = dir.join(`s${round}`);
      await leaveSocket(path);
      await using stack = new AsyncDisposableStack();
      const contenders = Array.from({ length: SERVERS }, () => stack.use(startContender(path)));
      for (const { line } of contenders) expect(await line()).toBe("ready");
      for (const { child } of contenders) void child.stdin.end();
      const said = await Promise.all(contenders.map(({ line }) => line()));
      const listening = contenders.filter((_, index) => said[index] === "listening");
      expect(listening).toHaveLength(1);
      expect(await read(path)).toBe(String(listening[0]?.child.pid));
    }
  },
);

testOnPosix("a live server's socket stays where it is", async () => {
  using dir = tempDir("stale-socket");
  const path = dir.join("live");
  const server = createServer((socket) => socket.end("here"));
  await new Promise<void>((listening) => server.listen(path, listening));
  expect(await rejection(clearStaleSocket(path))).toMatchObject({
    message: expect.stringContaining("already"),
  });
  expect(await read(path)).toBe("here");
  server.close();
});
