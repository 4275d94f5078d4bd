/** git's smart protocol and Git LFS through the proxy, as code hosts serve them. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FarHosts, startFarHosts } from "../../support/far-hosts.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { gitHost } from "../../support/git-host.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { noise } from "../../support/seed.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const REPO = "https://git.example/repo.git";

let stack: AsyncDisposableStack;
let dir: TempDir;
let far: FarHosts;
let machine: ProxyMachine;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  dir = stack.use(tempDir("git"));
  const root = dir.join("host");
  mkdirSync(root);
  await git(["init", "--quiet", "--bare", "--initial-branch=main", "repo.git"], root, plainEnv());
  far = stack.use(await startFarHosts(["git.example"], gitHost(root)));
  const env = { ...far.env, no_proxy: "127.0.0.1" };
  machine = stack.use(await startProxyMachine({ dir: dir.path, hosts: ["git.example"], env }));
});
afterEach(() => stack.disposeAsync());

test("a pushed commit can be cloned at once, and nothing of it is stored", async () => {
  const [one = "", two = "", three = ""] = ["one", "two", "three"].map((name) => dir.join(name));
  await clone(one);
  // Larger than the bodies that git sends with a length.
  const content = noise(3 << 20);
  await push(one, { "a.bin": content });
  await clone(two);
  await push(two, { "b.txt": "from two\n" });
  await gitHere(["pull", "--quiet"], one);
  await clone(three, { settings: ["-c", "protocol.version=0"], flags: ["--depth=1"] });
  expect(readFileSync(join(one, "b.txt"), "utf8")).toBe("from two\n");
  expect(readFileSync(join(three, "a.bin")).equals(content)).toBe(true);
  const posts = far.seen.filter((line) => line.startsWith("POST")).map((line) => line.split("/").at(-1));
  expect(posts.filter((service) => service === "git-receive-pack").length).toBeGreaterThanOrEqual(2);
  expect(posts.filter((service) => service === "git-upload-pack").length).toBeGreaterThanOrEqual(3);
  expect(filesBelow(machine.cacheDir).filter((name) => name.startsWith("revproxy/"))).toEqual([]);
});

test("large files of Git LFS come from the cache, their addresses from the host", async () => {
  const content = noise(3 << 20);
  const one = dir.join("one");
  await clone(one);
  await gitHere(["lfs", "install", "--local"], one);
  await gitHere(["lfs", "track", "*.bin"], one);
  await push(one, { "a.bin": content });
  for (const name of ["two", "three"]) {
    await clone(dir.join(name), { settings: lfs });
    expect(readFileSync(join(dir.join(name), "a.bin")).equals(content)).toBe(true);
  }
  const count = (start: string) => far.seen.filter((line) => line.startsWith(start)).length;
  expect(count("GET https://git.example/large/")).toBe(1);
  expect(count(`POST ${REPO}/info/lfs/objects/batch`)).toBe(3);
});

/** The settings that `git lfs install` writes. */
const lfs = [
  ["smudge", "git-lfs smudge -- %f"],
  ["process", "git-lfs filter-process"],
  ["required", "true"],
].flatMap(([name, value]) => ["-c", `filter.lfs.${name}=${value}`]);

async function clone(
  target: string,
  { settings = [] as string[], flags = [] as string[] } = {},
): Promise<void> {
  await gitHere([...settings, "clone", "--quiet", ...flags, REPO, target], dir.path);
}

async function push(cwd: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  await gitHere(["add", "--all"], cwd);
  await gitHere(["commit", "--quiet", "--message=more"], cwd);
  await gitHere(["push", "--quiet", "origin", "HEAD:main"], cwd);
}

/** git with the proxy, and with these settings only. */
async function gitHere(args: string[], cwd: string): Promise<void> {
  const env = plainEnv({
    ...machine.clientEnv,
    HOME: dir.path,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  });
  await git(["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], cwd, env);
}

async function git(args: string[], cwd: string, env: Record<string, string>): Promise<void> {
  const { stdout, stderr, exitCode } = await run(["git", ...args], { cwd, env });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stdout}${stderr}`);
}
