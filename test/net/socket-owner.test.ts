/** These tests run as root, so "another user" is made with chown. */
import { afterEach, beforeEach, describe, expect } from "bun:test";
import { chmodSync, chownSync, lchownSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { lookAtSocket, socketForeignness } from "../../src/net/socket-owner.ts";
import { testOnLinux, testOnPosix } from "../support/platform.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const NOBODY = 65_534;
const SELF = process.getuid?.() ?? -1;

let dir: TempDir;
let path: string;
let servers: Server[];

beforeEach(async () => {
  servers = [];
  dir = tempDir("socket-owner");
  mkdirSync(dir.join("folder"), { mode: 0o700 });
  path = dir.join("folder", "it.sock");
  await listen(path);
});
afterEach(() => {
  for (const server of servers) server.close();
  dir[Symbol.dispose]();
});

async function listen(at: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, resolve));
}

function problem(at = path): string {
  return socketForeignness(at) ?? "none";
}

testOnPosix("nothing there is no problem, and nothing", () => {
  expect([lookAtSocket(dir.join("none")), lookAtSocket(dir.join("none", "it.sock"))]).toEqual([
    undefined,
    undefined,
  ]);
});

testOnPosix("a socket that takes another one's place is a different one", async () => {
  const before = lookAtSocket(path)?.identity;
  expect(lookAtSocket(path)?.identity).toBe(before as string);
  renameSync(path, dir.join("folder", "old.sock"));
  await listen(path);
  expect(lookAtSocket(path)?.identity).not.toBe(before as string);
});

describe("a socket is another user's", () => {
  const foreign = `belongs to the user ${NOBODY}, and this is ${SELF}`;

  testOnLinux("by its owner, also in a sticky folder", () => {
    chmodSync(dir.join("folder"), 0o1777);
    chownSync(path, NOBODY, NOBODY);
    expect(problem()).toBe(`${path} ${foreign}`);
  });

  testOnLinux("by the owner of its folder, or of one above", () => {
    chownSync(dir.join("folder"), NOBODY, NOBODY);
    expect(problem()).toBe(`${dir.join("folder")} ${foreign}`);
    chownSync(dir.join("folder"), SELF, SELF);
    chownSync(dir.path, NOBODY, NOBODY);
    expect(problem()).toBe(`${dir.path} ${foreign}`);
  });

  testOnLinux("by a link to it", () => {
    symlinkSync(path, dir.join("link"));
    expect(problem(dir.join("link"))).toBe("none");
    lchownSync(dir.join("link"), NOBODY, NOBODY);
    expect(problem(dir.join("link"))).toBe(`${dir.join("link")} ${foreign}`);
  });

  testOnLinux("by a folder that a link leads to", () => {
    mkdirSync(dir.join("theirs"));
    renameSync(path, dir.join("theirs", "it.sock"));
    symlinkSync("theirs", dir.join("linked"));
    chownSync(dir.join("theirs"), NOBODY, NOBODY);
    expect(problem(dir.join("linked", "it.sock"))).toBe(`${dir.join("theirs")} ${foreign}`);
  });
});

describe("a folder", () => {
  testOnLinux.each([
    [0o777, SELF, "can be written by other users (chmod o-w)"],
    [0o702, SELF, "can be written by other users (chmod o-w)"],
    [0o770, NOBODY, "can be written by other users (chmod go-w)"],
  ])("with mode %o and group %d is no place for a socket", (mode, group, text) => {
    chownSync(dir.join("folder"), SELF, group);
    chmodSync(dir.join("folder"), mode);
    expect(problem()).toBe(`${dir.join("folder")} ${text}`);
  });

  testOnLinux.each([
    [0o700, NOBODY],
    [0o755, NOBODY],
    [0o775, SELF],
    [0o1777, NOBODY],
  ])("with mode %o and group %d is one", (mode, group) => {
    chownSync(dir.join("folder"), SELF, group);
    chmodSync(dir.join("folder"), mode);
    expect(problem()).toBe("none");
  });
});
