import { expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { ServerSilence } from "../../../src/app/connect/server-silence.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ADDRESS = { kind: "tcp", host: "127.0.0.1", port: 5930 } as const;

test("all sessions know of a silent server once one has noted it, for that server only", () => {
  using dir = tempDir("silence");
  expect(new ServerSilence(dir.path, ADDRESS).isKnown).toBe(false);
  new ServerSilence(dir.path, ADDRESS).note();
  expect(new ServerSilence(dir.path, ADDRESS).isKnown).toBe(true);
  expect(new ServerSilence(dir.path, { ...ADDRESS, port: 5931 }).isKnown).toBe(false);
});

test("is forgotten after a moment, and not believed from a clock that was wrong", () => {
  using dir = tempDir("silence");
  const silence = new ServerSilence(dir.path, ADDRESS);
  silence.note();
  const [name = ""] = filesBelow(dir.path);
  for (const agoSeconds of [11, -11]) {
    const then = Date.now() / 1000 - agoSeconds;
    utimesSync(dir.join(name), then, then);
    expect(silence.isKnown).toBe(false);
  }
});

test("a directory that can't be written causes no failure", () => {
  using dir = tempDir("silence");
  writeFileSync(dir.join("file"), "");
  const silence = new ServerSilence(dir.join("file"), ADDRESS);
  silence.note();
  expect(silence.isKnown).toBe(false);
});
