import { expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { locateCacheDir } from "../../../src/app/cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../../../src/app/cache-dir/dir-owner.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const LINK_NAME = /^go-cache-plugin-[0-9a-f]{16}$/;

testOnPosix("by default it is below GOCACHE", () => {
  const root = "/go/cache/go-cache-plugin";
  expect(locateCacheDir(undefined, { GOCACHE: "/go/cache" })).toEqual({ root, shownRoot: root });
});

testOnPosix.each(["/go/cache/", "/go//cache", "/go/x/../cache", "/go/./cache"])(
  "by default what go is shown begins with GOCACHE letter for letter: %s",
  (goCache) => {
    const { root, shownRoot } = locateCacheDir(undefined, { GOCACHE: goCache });
    expect(root).toBe("/go/cache/go-cache-plugin");
    expect(shownRoot).toStartWith(goCache);
  },
);

testOnLinux("outside of go it is where go's cache would be", () => {
  const rootFor = (env: Record<string, string>) => locateCacheDir(undefined, env).root;
  const atHome = join(homedir(), ".cache", "go-build", "go-cache-plugin");
  const roots = [rootFor({ XDG_CACHE_HOME: "/xdg" }), rootFor({}), rootFor({ GOCACHE: "off" })];
  expect(roots).toEqual(["/xdg/go-build/go-cache-plugin", atHome, atHome]);
});

test("a directory below GOCACHE is shown as it is", () => {
  using dir = tempDir("cache-dir");
  const root = dir.join("sub", "cache");
  expect(locateCacheDir(root, { GOCACHE: dir.path })).toEqual({ root, shownRoot: root });
  expect(readdirSync(dir.path)).toEqual([]);
});

test("a directory elsewhere is shown through a link in GOCACHE, and made", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const { root, shownRoot } = locateCacheDir(dir.join("elsewhere"), { GOCACHE: dir.join("gocache") });
  const [name = ""] = readdirSync(dir.join("gocache"));
  expect({ root, shownRoot }).toEqual({ root: dir.join("elsewhere"), shownRoot: dir.join("gocache", name) });
  expect(name).toMatch(LINK_NAME);
  expect(realpathSync(shownRoot)).toBe(root);
});

testOnPosix("a new directory is for its user alone, and one that is there stays as it is", () => {
  using dir = tempDir("cache-dir");
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("open"), { mode: 0o755 });
  for (const name of ["gocache/new", "open", "file/below"]) ensureCacheDir(dir.join(name));
  const modes = ["gocache/new", "open"].map((name) => (statSync(dir.join(name)).mode & 0o777).toString(8));
  expect(modes).toEqual(["700", "755"]);
});

testOnPosix("a directory that is made for a link is for its user alone, too, whatever the umask", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const umask = process.umask(0);
  try {
    const { root } = locateCacheDir(dir.join("sub", "elsewhere"), { GOCACHE: dir.join("gocache") });
    const modes = [root, dir.join("sub")].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(["700", "755"]);
  } finally {
    process.umask(umask);
  }
});

test("a link that is there is used again, another directory has its own", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const shown = ["one", "one", "two"].map(
    (name) => locateCacheDir(dir.join(name), { GOCACHE: dir.join("gocache") }).shownRoot,
  );
  expect(shown[1]).toBe(shown[0] ?? "");
  expect(shown.map((link) => readlinkSync(link))).toEqual([
    dir.join("one"),
    dir.join("one"),
    dir.join("two"),
  ]);
});

test("a neighbour whose name only begins like GOCACHE is elsewhere", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const { shownRoot } = locateCacheDir(dir.join("gocache-2"), { GOCACHE: dir.join("gocache") });
  expect(shownRoot).toStartWith(dir.join("gocache") + sep);
});

testOnLinux("the path itself is shown where no link can be made", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  writeFileSync(dir.join("file"), "");
  using _closed = immutable(dir.join("gocache"));
  const root = dir.join("elsewhere");
  const places = ["gocache", "none", "file"].map((name) => locateCacheDir(root, { GOCACHE: dir.join(name) }));
  expect(places).toEqual(places.map(() => ({ root, shownRoot: root })));
});

testOnPosix("the path itself is shown where something else has the link's name", () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const root = dir.join("elsewhere");
  const { shownRoot: link } = locateCacheDir(root, { GOCACHE: dir.join("gocache") });
  using other = tempDir("cache-dir");
  symlinkSync("/", other.join(link.slice(link.lastIndexOf("/") + 1)));
  expect(locateCacheDir(root, { GOCACHE: other.path })).toEqual({ root, shownRoot: root });
});

test("a relative directory is taken from the working directory", () => {
  expect(locateCacheDir("some/cache", {}).root).toBe(join(process.cwd(), "some/cache"));
});

test("processes that make the link at once all show it", async () => {
  using dir = tempDir("cache-dir");
  mkdirSync(dir.join("gocache"));
  const module = JSON.stringify(`${import.meta.dir}/../../../src/app/cache-dir/cache-dir.ts`);
  const args = `${JSON.stringify(dir.join("elsewhere"))}, { GOCACHE: ${JSON.stringify(dir.join("gocache"))} }`;
  const program = `const { locateCacheDir } = await import(${module}); console.log(locateCacheDir(${args}).shownRoot);`;
  const children = Array.from({ length: 6 }, () => Bun.spawn([process.execPath, "-e", program]));
  const shown = await Promise.all(children.map((child) => new Response(child.stdout).text()));
  const [name = ""] = readdirSync(dir.join("gocache"));
  expect(shown).toEqual(shown.map(() => `${dir.join("gocache", name)}\n`));
  expect(lstatSync(dir.join("gocache", name)).isSymbolicLink()).toBe(true);
});
