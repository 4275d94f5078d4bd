/** No command prints a secret, whether it succeeds or fails. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { PLACES } from "../../../src/cli/recipes/recipe-for.ts";
import { binaryPath } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { type Outcome, run } from "../../support/process.ts";
import { commandLines, contentsBelow, SecretStage } from "./secret-stage.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let stage: SecretStage;

beforeAll(async () => {
  stage = await SecretStage.open();
});
afterAll(async () => await stage[Symbol.asyncDispose]());

/** `env`: instead of the stage's, variable by variable. An empty one counts as none. */
function command(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run([binaryPath(), ...args], { env: { ...stage.env, ...env }, cwd: stage.dir.path, stdin: "" });
}

/** A session that uploads an entry. Returns its output. */
async function helper(args: string[], env: Record<string, string> = {}): Promise<string> {
  await using client = await CacheprogClient.start({
    args: [...stage.flags, "-v", "--debug=7", ...args],
    env: { ...stage.env, ...env },
    cwd: stage.dir.path,
  });
  await client.put(idOf("a"), Buffer.from("what was built"));
  await client.get(idOf("unknown"));
  await client.close();
  const { stderr } = await client.ended();
  return stderr;
}

test("a helper prints no secret with all logs on, writes none to its disk, and uploads none", async () => {
  for (const env of [{ AWS_SESSION_TOKEN: "" }, {}]) {
    const stderr = await helper([], env);
    expect(stderr.length).toBeGreaterThan(0);
    expect(stage.leaksOf(stderr)).toEqual([]);
  }
  const json = await helper(["--log-format=json", "--metrics=json"]);
  expect(stage.leaksOf(json)).toEqual([]);
  const disk = contentsBelow(stage.cacheDir);
  const objects = contentsBelow(stage.s3.dataDir).map(({ path, bytes }) => ({
    path,
    bytes: path.endsWith(".zst") ? Buffer.from(Bun.zstdDecompressSync(bytes)) : bytes,
  }));
  expect([disk.length > 0, objects.length > 0]).toEqual([true, true]);
  expect(stage.leaksOfFiles([...disk, ...objects])).toEqual([]);
});

const SHELLS = ["sh", "bash", "zsh", "fish", "powershell"];
const COMMANDS = [
  ...PLACES.map((place) => ["init", place]),
  ...SHELLS.map((shell) => ["env", `--shell=${shell}`]),
  ["doctor"],
  ["doctor", "--modproxy"],
  ["doctor", "--modproxy", "--json"],
  ["inspect"],
  ["inspect", "--json"],
  ["inspect", "0123456789abcdef"],
  ["stats"],
  ["stats", "--json"],
  ["stats", "--markdown"],
  ["explain"],
  ["explain", "--json"],
  ["verify"],
  ["prefetch", "--wait"],
  ["prune"],
  ["gc", "--dry-run", "--yes"],
  ["mod", "verify"],
  ["mod", "prefetch", "go.sum"],
  ["ca", "print", "--revproxy=proxied.example.com"],
  ["serve", "--status"],
  ["serve", "--stop"],
  ["help"],
  ["version"],
];

test.each(COMMANDS.map((words) => [words.join(" "), words] as const))(
  "%s says no secret",
  async (_, words) => {
    writeFileSync(stage.dir.join("go.sum"), `example.com/a v1.0.0 h1:${btoa("x".repeat(32))}\n`);
    // GOCACHEPROG and its source.
    const cacheprog = { GOCACHEPROG: `${binaryPath()} --upstream=${stage.env.GOCACHE_UPSTREAM}` };
    const args = [...words, ...stage.flags, "-v", "--debug=7"];
    for (const env of [{ AWS_SESSION_TOKEN: "" }, cacheprog]) {
      const { stdout, stderr } = await command(
        args,
        words[0] === "doctor" ? env : { ...env, GOCACHEPROG: "" },
      );
      expect(stdout + stderr).not.toBe("");
      expect(stage.leaksOf(stdout + stderr)).toEqual([]);
    }
  },
);

test("a refused command line and a refused variable show no secret", async () => {
  const { GOCACHE_UPSTREAM: url = "", GOCACHE_SIGN_KEY: key = "", HTTPS_PROXY: broken = "" } = stage.env;
  const withSlash = broken.replace("@", "/@");
  const refused: [string[], Record<string, string>?][] = [
    [[url]],
    [["inspect", withSlash]],
    [["help", key]],
    [[`--${url}`]],
    [[`---${withSlash}`]],
    [[`--upstream=${url}`]],
    [[`--sign-key=${key}`]],
    [["--sign-key", key.slice(0, -2)]],
    [[`--trust-key=${key}`]],
    [["serve", `--http=${withSlash}`]],
    [["connect", broken]],
    [["inspect", `--bucket=${broken}`]],
    [["inspect"], { GOCACHE_S3_BUCKET: withSlash, GOCACHE_S3_ENDPOINT_URL: withSlash }],
    [["inspect", "--bucket=name"], { GOCACHE_S3_ENDPOINT_URL: withSlash }],
    [["inspect", "--bucket=name"], { GOCACHE_EXPIRY: withSlash }],
    [["mod", "verify"], { GOCACHE_UPSTREAM: withSlash }],
    [["serve", "--http=0", "--modproxy"], { GOCACHE_UPSTREAM: withSlash }],
    [["serve", "--http=0", "--modproxy"], { GOCACHE_SUMDB: `sum.example.com ${withSlash}` }],
    [["serve", "--http=0"], { GOCACHE_REVPROXY: withSlash }],
    [["doctor"], { GOCACHEPROG: `${binaryPath()} --sign-key=${key}` }],
    [["doctor"], { GOCACHE_PLUGIN: withSlash, GOCACHE_MAX_SIZE: withSlash }],
  ];
  for (const [args, env] of refused) {
    const { stdout, stderr, exitCode } = await command(args, env);
    expect([args[0], exitCode === 0]).toEqual([args[0], false]);
    expect([args[0], stage.leaksOf(stdout + stderr)]).toEqual([args[0], []]);
  }
});

test("a detached server and its log show none either", async () => {
  const place = [`--plugin=${stage.dir.join("detached.sock")}`, "--http=0", "--modproxy", ...stage.flags];
  const started = await command(["serve", "--detach", ...place, "-v", "--debug=7"]);
  expect([started.exitCode, stage.leaksOf(started.stdout + started.stderr)]).toEqual([0, []]);
  try {
    const lines = commandLines().filter((line) => line.includes("detached.sock"));
    expect(lines.length).toBe(1);
    expect(lines.flatMap((line) => stage.leaksOf(line))).toEqual([]);
    const port = /--http=127\.0\.0\.1:(\d+)/.exec(started.stdout)?.[1];
    await (await fetch(`http://127.0.0.1:${port}/mod/example.com/a/@v/v1.0.0.info`)).text();
  } finally {
    await command(["serve", "--stop", ...stage.flags]);
  }
  const logs = contentsBelow(stage.cacheDir).filter(({ path }) => path.endsWith(".log"));
  expect(logs.map(({ bytes }) => bytes.includes("mod GET"))).toEqual([true]);
  expect(stage.leaksOfFiles(logs)).toEqual([]);
});
