/** Many go commands, helpers and prunes on one cache directory, some of them killed. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { CacheprogClient } from "../support/cacheprog-client.ts";
import { filesBelow, wrongOutputs } from "../support/file-tree.ts";
import { chainModule, writeModule } from "../support/go-project.ts";
import { go, startGo } from "../support/go-toolchain.ts";
import { idOf, sha256Base64 } from "../support/ids.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { type Outcome, plainEnv, run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const OK: Outcome = { exitCode: 0, stdout: "", stderr: "" };

test("8 builds, a killed one and repeated prunes do not disturb each other or the cache", async () => {
  await using dir = tempDir("sharing");
  const machine = await warmMachine(dir.path);
  ageHalf(machine.cacheDir);
  await putUnneeded(machine.cacheDir);
  const names = Array.from({ length: 8 }, (_, index) => `module${index}`);
  for (const name of [...names, "victim"]) chainModule(dir.join(name), { name, count: 5 });
  const build = (name: string) =>
    go(machine, ["build", "-o", dir.join(`${name}.out`), "."], { cwd: dir.join(name) });

  await using victim = await startGo(machine, ["build", "-o", "/dev/null", "."], { cwd: dir.join("victim") });
  const work = Promise.all([Promise.all(names.map(build)), killOnceItPuts(victim, machine)]);
  const { value, results: prunes } = await repeatUntil(work, () => prune(machine.cacheDir));
  expectOk(value[0]);
  expectOk(prunes);
  expect(wrongOutputs(machine.cacheDir)).toEqual([]);
  expect(await countUnneeded(machine.cacheDir)).toBe(0);

  for (const name of [...names, "victim"]) {
    expect(await build(name)).toMatchObject(OK);
    expect(await run([dir.join(`${name}.out`)])).toEqual({ ...OK, stderr: `${name} 5\n` });
  }
});

test("8 helpers that put and get the same actions, one killed, never show wrong bytes", async () => {
  await using dir = tempDir("sharing");
  const cacheDir = dir.join("cache");
  const workers = Array.from({ length: 8 }, (_, worker) => mixedRequests(cacheDir, worker, worker === 3));
  const { value: wrong, results: prunes } = await repeatUntil(Promise.all(workers), () => prune(cacheDir));
  expect(wrong.flat()).toEqual([]);
  expectOk(prunes);
  expect(wrongOutputs(cacheDir)).toEqual([]);

  await using client = await CacheprogClient.start({ args: [`--cache-dir=${cacheDir}`], env: plainEnv() });
  const later: string[] = [];
  for (let action = 0; action < ACTIONS; action++) later.push(...(await wrongHit(client, action)));
  expect(later).toEqual([]);
  expect(await client.finish()).toMatchObject({ exitCode: 0, stderr: "" });
});

test("an archive is repeatedly built into a file while others compile against it", async () => {
  await using dir = tempDir("archive");
  // Outside of GOCACHE, where go would move an archive instead of copying it.
  const machine = newMachine(dir.path, { flags: [`--cache-dir=${dir.join("cache")}`] });
  const project = writeModule(dir.join("project"), "example.com/archive", {
    "lib/lib.go": "package lib\n\nfunc Number() int { return 42 }\n",
  });
  const buildArchive = () => {
    // go does not rewrite an archive that is up to date.
    rmSync(dir.join("lib.a"), { force: true });
    return go(machine, ["build", "-o", dir.join("lib.a"), "./lib"], { cwd: project });
  };
  expect((await buildArchive()).exitCode).toBe(0);
  const { value: compiled, results: archived } = await repeatUntil(
    compileUsers(machine, project),
    buildArchive,
  );
  console.log(
    `${compiled.length} builds of ${USERS} packages beside ${archived.length} builds of the archive`,
  );
  expectOk([...compiled, ...archived]);
});

/** Expects that every command succeeds without output; shows different outcomes once. */
function expectOk(outcomes: Outcome[]): void {
  const shown = outcomes.map(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }));
  expect(new Set(shown.map((outcome) => JSON.stringify(outcome)))).toEqual(new Set([JSON.stringify(OK)]));
}

/** Prunes now, down to recently used entries. */
async function prune(cacheDir: string): Promise<Outcome> {
  const { exitCode, stderr } = await run([
    binaryPath(),
    "prune",
    `--cache-dir=${cacheDir}`,
    "--max-size=1MiB",
  ]);
  // Its report differs from run to run.
  return { exitCode, stdout: "", stderr };
}

const USERS = 8;
const ROUNDS = 25;

/** Compiles `USERS` packages that use the library, `ROUNDS` times, each time from source. */
async function compileUsers(machine: Machine, project: string) {
  const outcomes: Awaited<ReturnType<typeof go>>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let user = 0; user < USERS; user++) {
      writeModule(project, "example.com/archive", {
        [`user${user}/user.go`]: `package user${user}\n\nimport "example.com/archive/lib"\n\nfunc Number() int { return lib.Number() + ${round} }\n`,
      });
    }
    outcomes.push(await go(machine, ["build", "./..."], { cwd: project }));
  }
  return outcomes;
}

const ACTIONS = 40;
const REQUESTS = 200;

/** The output of action `action` in its `version`; some are empty, some large. */
function bodyOf(action: number, version: number): Buffer {
  return Buffer.alloc((action % 5) * 9_000, `action ${action} version ${version} `);
}

/** Puts and gets alternately; returns wrong answers. A `doomed` helper is killed half way. */
async function mixedRequests(cacheDir: string, worker: number, doomed: boolean): Promise<string[]> {
  await using client = await CacheprogClient.start({ args: [`--cache-dir=${cacheDir}`], env: plainEnv() });
  const wrong: string[] = [];
  for (let index = 0; index < REQUESTS; index++) {
    const action = (index * 7 + worker * 11) % ACTIONS;
    if (doomed && index === REQUESTS / 2) {
      // In the middle of a body.
      await client.send(
        `{"ID":9999,"Command":"put","ActionID":"${idOf("doomed")}","OutputID":"${idOf("x")}","BodySize":9000}\n\n"AAAA`,
      );
      client.signal("SIGKILL");
      return wrong;
    }
    if (index % 3 === 0) await client.put(idOf(`action ${action}`), bodyOf(action, index % 4));
    else wrong.push(...(await wrongHit(client, action)));
  }
  const { exitCode, stderr } = await client.finish();
  return exitCode === 0 && stderr === "" ? wrong : [...wrong, `worker ${worker}: ${exitCode} ${stderr}`];
}

/** Empty for a miss or a right hit, else the wrong answer. */
async function wrongHit(client: CacheprogClient, action: number): Promise<string[]> {
  const { DiskPath, OutputID, Size, Err } = await client.get(idOf(`action ${action}`));
  if (Err !== undefined) return [Err];
  if (DiskPath === undefined) return [];
  const bytes = readFileSync(DiskPath);
  const right = bytes.length === Size && sha256Base64(bytes) === OutputID;
  return right ? [] : [`action ${action}: ${bytes.length} of ${Size} bytes in ${DiskPath}`];
}

/** Entries that no build looks up. */
const UNNEEDED = 20;

/** Puts them, last used ten hours ago. */
async function putUnneeded(cacheDir: string): Promise<void> {
  await using client = await CacheprogClient.start({ args: [`--cache-dir=${cacheDir}`], env: plainEnv() });
  for (let index = 0; index < UNNEEDED; index++) {
    const { DiskPath } = await client.put(idOf(`unneeded ${index}`), Buffer.from(`unneeded ${index}`));
    age(DiskPath ?? "");
  }
  await client.finish();
}

/** The number of remaining ones. */
async function countUnneeded(cacheDir: string): Promise<number> {
  await using client = await CacheprogClient.start({ args: [`--cache-dir=${cacheDir}`], env: plainEnv() });
  let found = 0;
  for (let index = 0; index < UNNEEDED; index++) {
    if ((await client.get(idOf(`unneeded ${index}`))).Miss !== true) found++;
  }
  await client.finish();
  return found;
}

/** Every other entry was last used ten hours ago; except for large packages, which all builds would compile again. */
function ageHalf(cacheDir: string): void {
  const now = Date.now() / 1000;
  for (const kind of ["action", "output"]) {
    const files = filesBelow(join(cacheDir, kind)).map((file) => join(cacheDir, kind, file));
    const small = files.filter((file) => statSync(file).size < 300_000);
    const old = new Set(small.filter((_, index) => index % 2 === 0));
    for (const file of files) {
      if (old.has(file)) age(file);
      else utimesSync(file, now, now);
    }
  }
}

function age(path: string): void {
  const longAgo = Date.now() / 1000 - 10 * 3600;
  utimesSync(path, longAgo, longAgo);
}

/** Runs `action` again and again, at least once, until `work` is done. */
async function repeatUntil<T, R>(work: Promise<T>, action: () => Promise<R>) {
  let working = true;
  const settled = work.finally(() => {
    working = false;
  });
  const results: R[] = [];
  do results.push(await action());
  while (working);
  return { value: await settled, results };
}

/** Kills a go command and its helper when the cache has new entries. */
async function killOnceItPuts(victim: Awaited<ReturnType<typeof startGo>>, machine: Machine): Promise<void> {
  const actions = () => readdirSync(join(machine.cacheDir, "action"), { recursive: true }).length;
  const before = actions();
  let ended = false;
  void victim.outcome.finally(() => {
    ended = true;
  });
  while (actions() === before && !ended) await new Promise(setImmediate);
  victim.signal("SIGKILL");
  await victim.outcome;
}
