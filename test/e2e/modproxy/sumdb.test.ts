/** Checksum databases that lie, and modules that contradict the database. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeZip } from "../../support/modules/make-zip.ts";
import { startModServer } from "../../support/modules/mod-server.ts";
import { answering } from "../../support/modules/module-upstream.ts";
import { TestSumdb } from "../../support/modules/test-sumdb.ts";
import { nameHash, openProxyFixture, type ProxyFixture, storedFiles } from "./fixture.ts";

const LOOKUP = "sumdb/sumdb.test/lookup/example.com/a@v1.0.0";
const LATEST = "sumdb/sumdb.test/latest";
const ZIP = "example.com/a/@v/v1.0.0.zip";

/** Replies instead of a good one. */
const LIES: Record<string, (good: string, fixture: ProxyFixture) => string> = {
  "of another version": (good) => good.replaceAll("v1.0.0", "v1.1.0"),
  "without the line of the zip": (good) => good.replace(/^example\.com\/a v1\.0\.0 .*\n/m, ""),
  "without the line of the go.mod": (good) => good.replace(/^example\.com\/a v1\.0\.0\/go\.mod .*\n/m, ""),
  "with the line only after the signature": (good) =>
    `${good.replaceAll(/^example\.com\/a v1\.0\.0/gm, "example.com/b v1.0.0")}example.com/a v1.0.0 h1:x\n`,
  "with a changed head": (good) => good.replace(/(database tree\n)\d+/, "$1999"),
  "signed by somebody else": (good) =>
    `${good.slice(0, good.indexOf("\ngo.sum"))}\n${new TestSumdb().head(0)}`,
  "without a signature": (good) => good.slice(0, good.indexOf("— ")),
  "of a record beyond the tree": (good) => good.replace(/^\d+/, "999999"),
  "that is empty": () => "",
};

test.each(Object.keys(LIES))("a lookup %s is refused and not stored", async (name) => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const good = String(upstream.sumdb.answer("lookup/example.com/a@v1.0.0"));
  upstream.overrides.set(LOOKUP, answering(200, LIES[name]?.(good, fixture)));
  expect(await server.answerTo(LOOKUP)).toStartWith("502 upstream sent a bad file: ");
  expect(storedFiles(server)).toEqual([]);
  upstream.overrides.delete(LOOKUP);
  expect(await server.answerTo(LOOKUP)).toStartWith("200");
});

test("a tile of another length is refused and not stored", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const path = `sumdb/sumdb.test/tile/8/0/000.p/${upstream.sumdb.size}`;
  upstream.overrides.set(path, answering(200, "short"));
  expect(await server.answerTo(path)).toStartWith("502 upstream sent a bad file: tile of 5 bytes");
  expect(storedFiles(server)).toEqual([]);
  upstream.overrides.delete(path);
  for (let n = 0; n < 2; n++) {
    const bytes = Buffer.from(await (await server.get(path)).arrayBuffer());
    expect(bytes.equals(upstream.sumdb.tile(path.slice(17)) ?? Buffer.alloc(0))).toBe(true);
  }
  expect(upstream.count(path)).toBe(2);
});

test("a partial tile is cut from a wider one without a request to the upstream", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const { size } = upstream.sumdb;
  const whole = Buffer.from(
    await (await server.get(`sumdb/sumdb.test/tile/8/0/000.p/${size}`)).arrayBuffer(),
  );
  await upstream.stop();
  const part = await server.get("sumdb/sumdb.test/tile/8/0/000.p/2");
  expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(0, 64))).toBe(true);
  expect(part.headers.get("content-length")).toBe("64");
  expect(await server.answerTo(`sumdb/sumdb.test/tile/8/0/000.p/${size + 1}`)).toStartWith("502");
});

test("the database's head is fetched again after a minute, and an older one is refused", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  const newest = upstream.sumdb.head();
  expect(await server.answerTo(LATEST)).toBe(`200 ${newest.trim()}`);
  expect(await server.answerTo(LATEST)).toBe(`200 ${newest.trim()}`);
  expect(upstream.count(LATEST)).toBe(1);
  await server.stop();
  upstream.overrides.set(LATEST, answering(200, upstream.sumdb.head(2)));
  const hash = nameHash(LATEST);
  const kept = join(server.cacheDir, "module", hash.slice(0, 2), hash);
  await Bun.file(kept).delete();
  await using next = await startModServer({ dir: dir.path, upstream });
  expect(await next.answerTo(LATEST)).toStartWith(
    "502 upstream sent a bad file: tree of 2 records, after one of",
  );
  expect(existsSync(kept)).toBe(false);
  const state = readFileSync(join(server.cacheDir, "state/sumdb/sumdb.test"), "utf8");
  expect(state).toBe(newest);
});

test("a head that does not continue the last one is refused", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  await server.answerTo(LATEST);
  const hash = nameHash(LATEST);
  await Bun.file(join(server.cacheDir, "module", hash.slice(0, 2), hash)).delete();
  const { size } = upstream.sumdb;
  const forged = `go.sum database tree\n${size + 1}\n${Buffer.alloc(32, 7).toString("base64")}\n`;
  upstream.overrides.set(LATEST, answering(200, upstream.sumdb.signed(forged)));
  await upstream.addModule({ module: "example.com/more", version: "v1.0.0" });
  expect(await server.answerTo(LATEST)).toContain(
    `tree of ${size + 1} records does not continue the one of ${size}`,
  );
});

test("a zip that contradicts the database is removed and never uploaded", async () => {
  await using fixture = await openProxyFixture();
  const { upstream, dir } = fixture;
  upstream.files.set(ZIP, makeZip({ "example.com/a@v1.0.0/go.mod": "module example.com/a\n" }));
  const flags = [`--bucket=file://${dir.join("bucket")}`, "--metrics=json"];
  await using server = await startModServer({ dir: dir.join("machine"), upstream, flags });
  await server.answerTo(ZIP);
  await server.answerTo("example.com/a/@v/v1.1.0.zip");
  const said = await server.stop();
  expect(said).toContain("the checksum database says");
  const hash = nameHash(ZIP);
  const place = join("module", hash.slice(0, 2), hash);
  expect(existsSync(join(server.cacheDir, place))).toBe(false);
  expect(existsSync(dir.join("bucket", place))).toBe(false);
  const good = nameHash("example.com/a/@v/v1.1.0.zip");
  expect(existsSync(dir.join("bucket/module", good.slice(0, 2), good))).toBe(true);
});

test("a wrong tile proves nothing, and is removed with the lookup", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  const { size } = upstream.sumdb;
  const tile = `sumdb/sumdb.test/tile/8/0/000.p/${size}`;
  upstream.overrides.set(tile, answering(200, "x".repeat(32 * size)));
  await server.answerTo(ZIP);
  expect(await server.stop()).toContain(`checksum database sumdb.test: record`);
  const stored = (name: string) =>
    existsSync(join(server.cacheDir, "module", nameHash(name).slice(0, 2), nameHash(name)));
  expect([stored(tile), stored(LOOKUP), stored(ZIP)]).toEqual([false, false, true]);
  upstream.overrides.delete(tile);
  await using next = await startModServer({ dir: dir.path, upstream, flags: ["--metrics=json"] });
  expect(await next.answerTo(LOOKUP)).toStartWith("200");
});

test("exempt modules are not looked up", async () => {
  await using fixture = await openProxyFixture({ env: { GONOSUMDB: "example.com/a" } });
  const { server, upstream } = fixture;
  await server.answerTo(ZIP);
  await server.answerTo("example.com/inc/@v/v2.0.0+incompatible.zip");
  await server.stop();
  expect(upstream.count(LOOKUP)).toBe(0);
  expect(upstream.count("sumdb/sumdb.test/lookup/example.com/inc@v2.0.0+incompatible")).toBe(1);
});

test("the database itself is queried if no proxy passes it on", async () => {
  await using fixture = await openProxyFixture();
  const { upstream, dir } = fixture;
  upstream.overrides.set("sumdb/sumdb.test/supported", answering(404));
  upstream.overrides.set(`direct/lookup/example.com/a@v1.0.0`, (_request, response) => {
    response.end(upstream.sumdb.answer("lookup/example.com/a@v1.0.0"));
  });
  const flags = [`--sumdb=${upstream.sumdb.key} ${upstream.url}/direct`];
  await using server = await startModServer({ dir: dir.join("machine"), upstream: upstream.url, flags });
  expect(await server.answerTo(LOOKUP)).toContain("example.com/a v1.0.0 h1:");
});
