import { expect, test } from "bun:test";
import { serveLink } from "../../../../src/app/serve/plugin/link-session.ts";
import type { RemoteBuilds } from "../../../../src/buildcache/remote-builds.ts";
import { Counters } from "../../../../src/lib/counters.ts";
import { formatMessage } from "../../../../src/net/link-protocol.ts";
import { openLocal } from "../../../buildcache/local-fixture.ts";
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

async function serve(lines: string[]): Promise<void> {
  using dir = tempDir("link-session");
  const input = async function* () {
    for (const line of lines) yield Buffer.from(line);
  };
  const { local } = openLocal(dir.path);
  await serveLink({ input: input(), write: () => {}, remote: SILENT, local, counters: new Counters() });
}

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
