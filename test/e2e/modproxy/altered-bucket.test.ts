/** Altered modules in the bucket: well-formed, but with other checksums than in the database. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { type ModServer, startModServer } from "../../support/modules/mod-server.ts";
import { nameHash, openProxyFixture, type ProxyFixture } from "./fixture.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const MODULE = "example.com/a/@v/v1.0.0";
const ALTERED: Record<string, Buffer> = {
  zip: makeZip({
    "example.com/a@v1.0.0/go.mod": "module example.com/a\n",
    // Too large for the record of the run.
    "example.com/a@v1.0.0/a.go": `package a\n// ${"evil ".repeat(100_000)}\n`,
  }),
  mod: Buffer.from("module example.com/a\n\nrequire example.com/evil v1.0.0\n"),
};

const placeOf = (name: string) => join("module", nameHash(name).slice(0, 2), nameHash(name));

function objectOf({ dir }: ProxyFixture, name: string): string {
  return dir.join("bucket", placeOf(name));
}

function put(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

async function startMachine({ dir, upstream }: ProxyFixture, name: string): Promise<ModServer> {
  const flags = [`--bucket=file://${dir.join("bucket")}`, "--metrics=json"];
  return await startModServer({ dir: dir.join(name), upstream, flags });
}

async function bytesOf(server: ModServer, name: string): Promise<Buffer> {
  return Buffer.from(await (await server.get(name)).arrayBuffer());
}

test.each(["zip", "mod"])(
  "an altered %s in the bucket reaches no client, and is replaced on the disk and in the bucket",
  async (kind) => {
    await using fixture = await openProxyFixture();
    const name = `${MODULE}.${kind}`;
    const good = Buffer.from(fixture.upstream.files.get(name) as string);
    put(objectOf(fixture, name), ALTERED[kind] as Buffer);
    await using server = await startMachine(fixture, "machine");
    expect((await bytesOf(server, name)).equals(good)).toBe(true);
    const said = await server.stop();
    expect(said).toContain(`${name} has h1:`);
    expect(said).toContain('"mod_verify_wrong":1');
    expect(readFileSync(join(server.cacheDir, placeOf(name))).equals(good)).toBe(true);
    expect(readFileSync(objectOf(fixture, name)).equals(good)).toBe(true);
  },
);

test("a checksum database that never answers does not keep a file of the bucket back", async () => {
  await using fixture = await openProxyFixture();
  const { upstream } = fixture;
  const name = `${MODULE}.zip`;
  put(objectOf(fixture, name), Buffer.from(upstream.files.get(name) as string));
  await using server = await startMachine(fixture, "machine");
  upstream.overrides.set(`sumdb/${upstream.sumdb.name}/lookup/example.com/a@v1.0.0`, () => undefined);
  expect((await server.get(name)).headers.get("x-cache")).toBe("hit, remote");
});

test("an altered zip that the last run used is replaced", async () => {
  await using fixture = await openProxyFixture();
  const name = `${MODULE}.zip`;
  await fixture.upstream.addModule({
    module: "example.com/large",
    version: "v1.0.0",
    files: {
      "a.go": `package a\n// ${Array.from({ length: 20_000 }, (_, i) => nameHash(String(i))).join("")}\n`,
    },
  });
  const large = "example.com/large/@v/v1.0.0.zip";
  const good = Buffer.from(fixture.upstream.files.get(large) as string);
  await using first = await startMachine(fixture, "first");
  await first.answerTo(large);
  await first.stop();
  const altered = makeZip({ "example.com/large@v1.0.0/a.go": "package evil\n" });
  put(objectOf(fixture, large), altered);
  await using next = await startMachine(fixture, "next");
  // Its first miss prefetches the files of the last run.
  await next.answerTo(name);
  expect((await bytesOf(next, large)).equals(good)).toBe(true);
  await eventually("a replaced object", () => readFileSync(objectOf(fixture, large)).equals(good));
});

test("an altered zip in the bucket is not used while the upstream fails either", async () => {
  await using fixture = await openProxyFixture();
  const { upstream } = fixture;
  const name = `${MODULE}.zip`;
  put(objectOf(fixture, name), ALTERED.zip as Buffer);
  await using server = await startMachine(fixture, "machine");
  upstream.overrides.set(name, (_request, response) => void response.writeHead(503).end());
  expect(await server.answerTo(name)).toStartWith("502 ");
  expect(existsSync(join(server.cacheDir, placeOf(name)))).toBe(false);
  expect(await server.answerTo(`cached-only/${name}`)).toStartWith("404 ");
});

test("a zip on the disk without a note is verified when it is used", async () => {
  await using fixture = await openProxyFixture();
  const name = `${MODULE}.zip`;
  await using server = await startMachine(fixture, "machine");
  const path = join(server.cacheDir, placeOf(name));
  put(path, ALTERED.zip as Buffer);
  expect((await server.get(name)).headers.get("x-cache")).toBe("hit, local");
  expect(await server.stop()).toContain('"mod_verify_wrong":1');
  expect(readFileSync(path).equals(Buffer.from(fixture.upstream.files.get(name) as string))).toBe(true);
});

test("a good zip from the bucket is verified once", async () => {
  await using fixture = await openProxyFixture();
  const name = `${MODULE}.zip`;
  put(objectOf(fixture, name), Buffer.from(fixture.upstream.files.get(name) as string));
  for (const verdicts of ['"mod_verify_good":1', undefined]) {
    await using server = await startMachine(fixture, "machine");
    await server.answerTo(name);
    const said = await server.stop();
    if (verdicts === undefined) expect(said).not.toContain("mod_verify");
    else expect(said).toContain(verdicts);
  }
});
