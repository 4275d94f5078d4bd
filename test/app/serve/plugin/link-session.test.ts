import { expect, test } from "bun:test";
import { serveLink } from "../../../../src/app/serve/plugin/link-session.ts";
import type { LocalEntry } from "../../../../src/buildcache/entry.ts";
import type { RemoteBuilds } from "../../../../src/buildcache/remote-builds.ts";
import { Counters } from "../../../../src/lib/counters.ts";
import { formatMessage } from "../../../../src/net/link-protocol.ts";
import { openLocal } from "../../../buildcache/local-fixture.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { madeProgram } from "../../../support/made-program.ts";
import { rejection } from "../../../support/rejection.ts";
import { tempDir } from "../../../support/temp-dir.ts";

/** Answers nothing, ever. */
const SILENT: RemoteBuilds = {
  get: () => new Promise(() => {}),
  used: () => {},
  put: () => {},
  drain: async () => {},
  settle: async () => {},
  abort: () => {},
};

async function serve(lines: string[], remote = SILENT, dir = tempDir("link-session")): Promise<void> {
  using _ = dir;
  const input = async function* () {
    for (const line of lines) yield Buffer.from(line);
  };
  const { local } = openLocal(dir.path);
  await serveLink({ input: input(), write: () => {}, remote, local, counters: new Counters() });
}

test("the remote gets a program that was put with its name", async () => {
  const dir = tempDir("link-session");
  const body = madeProgram("0a".repeat(32));
  const [actionId, outputId] = ["0a".repeat(32), sha256Hex(body)];
  const output = openLocal(dir.path).local.createOutput(outputId, "greet");
  output.write(body);
  output.commit();
  const puts: LocalEntry[] = [];
  const remote = { ...SILENT, put: (entry: LocalEntry) => void puts.push(entry) };
  await serve([formatMessage("put", 1, actionId, outputId, body.length, 5)], remote, dir);
  const path = expect.stringContaining(`/output/`);
  expect(puts).toEqual([
    { actionId, outputId, sizeBytes: body.length, putTimeMs: 5, executable: "greet", path },
  ]);
});

test("ends a session that asks for more at once than any build does", async () => {
  const get = (n: number) => formatMessage("get", n, "0a".repeat(32));
  const asked = (count: number) => Array.from({ length: count }, (_, n) => get(n));
  await serve(asked(10_000));
  expect(String(await rejection(serve(asked(10_001))))).toContain("more than 10000 lookups at once");
});

test("ends a session whose line does not end", async () => {
  const piece = "x".repeat(64 << 10);
  expect(String(await rejection(serve(Array.from({ length: 17 }, () => piece))))).toContain(
    "a line of more than",
  );
});
