/** Access of other users of the machine to a cache directory. Runs as root. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { CacheprogClient } from "../support/cacheprog-client.ts";
import { idOf } from "../support/ids.ts";
import { startPluginServer } from "../support/plugin-server.ts";
import { plainEnv } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const GO_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
const USER = 65_534;
const OTHER = 65_533;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
const OPEN_UMASK = ["sh", "-c", 'umask 0; exec "$0" "$@"'];

let dir: TempDir;
let cacheDir: string;

beforeEach(() => {
  dir = tempDir("other-users");
  chmodSync(dir.path, 0o755);
  cacheDir = dir.join("gocache", "go-cache-plugin");
});
afterEach(() => dir[Symbol.dispose]());

function start(args: string[], wrapper: string[], env: Record<string, string> = {}) {
  return CacheprogClient.start({
    args,
    env: plainEnv({ ...GO_ENV, GOCACHE: dir.join("gocache"), TMPDIR: dir.join("tmp"), ...env }),
    cwd: dir.path,
    wrapper,
  });
}

/** The files below the cache directory, and itself, by mode, without those that satisfy `isFine`. */
function modes(isFine: (mode: number, path: string) => boolean): string[] {
  const names = readdirSync(cacheDir, { recursive: true, encoding: "utf8" });
  return ["", ...names].flatMap((name) => {
    const mode = statSync(join(cacheDir, name)).mode & 0o777;
    return isFine(mode, name) ? [] : [`${mode.toString(8)} ${name}`];
  });
}

function expectPrivate(): void {
  expect((statSync(cacheDir).mode & 0o777).toString(8)).toBe("700");
  expect(modes((mode) => (mode & 0o022) === 0)).toEqual([]);
}

describe("with umask 0", () => {
  test("a helper recreates a removed cache directory for its user alone", async () => {
    await using client = await start([], OPEN_UMASK);
    await client.put(idOf("a"), Buffer.from("before"));
    rmSync(cacheDir, { recursive: true });
    await client.put(idOf("b"), Buffer.from("after"));
    expectPrivate();
    rmSync(cacheDir, { recursive: true });
    await client.close();
    await client.finish();
    // The helper writes its notes at the end.
    if (existsSync(cacheDir)) expectPrivate();
  });

  test("a server recreates a removed cache directory for its user alone", async () => {
    await using server = await startPluginServer({ cacheDir, wrapper: OPEN_UMASK });
    rmSync(cacheDir, { recursive: true });
    await using client = await start(["connect", server.plugin, `--cache-dir=${cacheDir}`], OPEN_UMASK);
    await client.put(idOf("a"), Buffer.from("after"));
    expectPrivate();
    await client.close();
    await client.finish();
    rmSync(cacheDir, { recursive: true });
    await server.stop();
    if (existsSync(cacheDir)) expectPrivate();
  });

  test("no other user can read the program's state files", async () => {
    await using client = await start([`--bucket=file://${dir.join("bucket")}`], OPEN_UMASK);
    await client.get(idOf("unknown"));
    await client.put(idOf("a"), Buffer.from("content"));
    await client.close();
    await client.finish();
    expect(readdirSync(join(cacheDir, "state", "jobs"))).not.toEqual([]);
    expect(modes((mode, name) => !name.startsWith("state") || (mode & 0o077) === 0)).toEqual([]);
  });

  test("a bucket that is a directory has the permissions of the umask", async () => {
    await using client = await start([`--bucket=file://${dir.join("bucket")}`], OPEN_UMASK);
    await client.put(idOf("a"), Buffer.from("content"));
    await client.close();
    await client.finish();
    expect((statSync(dir.join("bucket")).mode & 0o777).toString(8)).toBe("777");
  });
});

describe("a cache directory that another user can exchange is not used:", () => {
  let place: string;

  beforeEach(() => {
    mkdirSync(dir.join("tmp"));
    chmodSync(dir.join("tmp"), 0o1777);
    place = dir.join("place");
    mkdirSync(join(place, "cache"), { recursive: true, mode: 0o700 });
    chmodSync(place, 0o755);
    for (const path of [place, join(place, "cache")]) chownSync(path, USER, USER);
  });

  /** A helper's stderr, and whether it has put anything there. */
  async function use(path: string) {
    await using client = await start([`--cache-dir=${path}`], AS_USER);
    await client.put(idOf("a"), Buffer.from("content"));
    await client.close();
    const { stderr } = await client.finish();
    return { stderr, used: readdirSync(join(place, "cache")).length > 0 };
  }

  function refusal(path: string, reason: string) {
    const fallback = dir.join("tmp", `go-cache-plugin-${USER}`);
    const text = `cache directory ${path} is not used, ${reason}; using ${fallback} instead`;
    return { stderr: expect.stringContaining(text), used: false };
  }

  const belongs = `belongs to the user ${OTHER}, and this is ${USER}`;

  test("the owner of a folder above it", async () => {
    chownSync(place, OTHER, OTHER);
    expect(await use(join(place, "cache"))).toEqual(refusal(join(place, "cache"), `${place} ${belongs}`));
  });

  test("a user who may write to it", async () => {
    chmodSync(join(place, "cache"), 0o777);
    const reason = `${join(place, "cache")} can be written by other users (chmod o-w)`;
    expect(await use(join(place, "cache"))).toEqual(refusal(join(place, "cache"), reason));
  });

  test("the owner of a link to it", async () => {
    symlinkSync(join(place, "cache"), dir.join("link"));
    lchownSync(dir.join("link"), OTHER, OTHER);
    expect(await use(dir.join("link"))).toEqual(refusal(dir.join("link"), `${dir.join("link")} ${belongs}`));
  });

  test.each([
    ["root's link leads to it", () => symlinkSync(join(place, "cache"), dir.join("link")), "link"],
    ["it lies in a sticky folder for all", () => chmodSync(place, 0o1777), "place/cache"],
    ["the user's own group may write above it", () => chmodSync(place, 0o775), "place/cache"],
    ["everybody may write above it", () => chmodSync(place, 0o777), "place/cache"],
  ])("but it is where %s", async (_, prepare, name) => {
    prepare();
    expect(await use(dir.join(name))).toEqual({ stderr: "", used: true });
  });
});

test("root uses a cache directory below a folder of another user, or below one that all may write to, as in containers", async () => {
  mkdirSync(dir.join("home"));
  chownSync(dir.join("home"), USER, USER);
  mkdirSync(dir.join("home", "builds"));
  chmodSync(dir.join("home", "builds"), 0o777);
  const path = dir.join("home", "builds", "cache");
  await using client = await start([`--cache-dir=${path}`], []);
  await client.put(idOf("a"), Buffer.from("content"));
  await client.close();
  expect((await client.finish()).stderr).toBe("");
  expect(readdirSync(path)).toContain("output");
});
