import { expect, test } from "bun:test";
import { appendFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JobFile } from "../../../src/app/summary/job-file.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const JOB = { job: "ci/test", run: "7-1" };

function filesOf(dir: TempDir): string[] {
  return readdirSync(dir.join("state", "jobs")).map((name) => dir.join("state", "jobs", name));
}

function age(path: string, days: number): void {
  const seconds = Date.now() / 1000 - days * 86_400;
  utimesSync(path, seconds, seconds);
}

test("a job without counts has no sum", () => {
  using dir = tempDir("job-file");
  expect(new JobFile(dir.path, JOB).read()).toBeUndefined();
});

test("a directory that can't be written causes no failure", () => {
  using dir = tempDir("job-file");
  writeFileSync(dir.join("file"), "");
  const file = new JobFile(dir.join("file"), JOB);
  file.append({ atMs: 1, sessions: 1, counts: {} });
  expect(file.read()).toBeUndefined();
});

test("adds up what was appended, since the first", () => {
  using dir = tempDir("job-file");
  const file = new JobFile(dir.path, JOB);
  file.append({ atMs: 9, sessions: 1, counts: { get: 3, put: 1 } });
  file.append({ atMs: 7, sessions: 1, counts: { get: 4 } });
  file.append({ atMs: 8, sessions: 0, counts: { s3_requests: 2 } });
  expect(new JobFile(dir.path, JOB).read()).toEqual({
    atMs: 7,
    sessions: 2,
    counts: { get: 7, put: 1, s3_requests: 2 },
  });
});

test("runs and jobs are apart, and a reset forgets one of them", () => {
  using dir = tempDir("job-file");
  const [one, other, lint] = [JOB, { ...JOB, run: "8-1" }, { ...JOB, job: "lint" }].map(
    (job) => new JobFile(dir.path, job),
  );
  for (const file of [one, other, lint]) file?.append({ atMs: 1, sessions: 1, counts: {} });
  one?.reset();
  expect([one, other, lint].map((file) => file?.read()?.sessions)).toEqual([undefined, 1, 1]);
});

test("an action is used first once, by one go command, and what was put counts as used", () => {
  using dir = tempDir("job-file");
  const [one, other] = [new JobFile(dir.path, JOB), new JobFile(dir.path, JOB)];
  const hits = (...ids: string[]) => new Map(ids.map((id) => [id, `value of ${id}`]));
  expect(one.firstUses(hits("a", "b"), ["c"])).toEqual(hits("a", "b"));
  expect(other.firstUses(hits("b", "c", "d"), [])).toEqual(hits("d"));
  expect(new JobFile(dir.path, { ...JOB, run: "8-1" }).firstUses(hits("a"), [])).toEqual(hits("a"));
});

test("a list of uses that is too long is not read, and nothing counts as a first use", () => {
  using dir = tempDir("job-file");
  const file = new JobFile(dir.path, JOB);
  const ids = (from: number) => Array.from({ length: 130_000 }, (_, n) => idOf(from + n));
  const idOf = (n: number) => n.toString(16).padStart(16, "0");
  for (const from of [0, 130_000]) file.firstUses(new Map(), ids(from));
  expect(file.firstUses(new Map([["a", 1]]), [])).toEqual(new Map());
});

test("many processes that use the same actions at once are first once", async () => {
  using dir = tempDir("job-file");
  const module = join(import.meta.dir, "../../../src/app/summary/job-file.ts");
  const ids = Array.from({ length: 200 }, (_, n) => `${n}`);
  const script = `
    const { JobFile } = await import(${JSON.stringify(module)});
    const file = new JobFile(${JSON.stringify(dir.path)}, ${JSON.stringify(JOB)});
    const hits = new Map(${JSON.stringify(ids)}.map((id) => [id, 1]));
    console.log(file.firstUses(hits, []).size);`;
  const processes = Array.from({ length: 6 }, () => run([process.execPath, "-e", script], {}));
  const counts = (await Promise.all(processes)).map(({ stdout }) => Number(stdout));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ids.length);
});

test("a job has started when its first go command did", () => {
  using dir = tempDir("job-file");
  const file = new JobFile(dir.path, JOB);
  expect(file.startedMs()).toBeUndefined();
  file.append({ atMs: 9, sessions: 0, counts: {} });
  file.append({ atMs: 4, sessions: 1, counts: {} });
  expect(file.startedMs()).toBe(4);
});

test("a line that was cut off, or is nonsense, costs that line only", () => {
  using dir = tempDir("job-file");
  const file = new JobFile(dir.path, JOB);
  file.append({ atMs: 1, sessions: 1, counts: { get: 1 } });
  const [path = ""] = filesOf(dir);
  appendFileSync(path, '\n{"atMs":2,"sessions":1,"cou');
  file.append({ atMs: 3, sessions: 1, counts: { get: 2 } });
  appendFileSync(path, '\n{"atMs":2,"sessions":1,"counts":{"get":"x"}}\nnull\n[]');
  expect(file.read()).toEqual({ atMs: 1, sessions: 2, counts: { get: 3 } });
});

test("a long job takes a bounded room, and loses nothing", () => {
  using dir = tempDir("job-file");
  const file = new JobFile(dir.path, JOB);
  const counts = { get: 1, [`a_long_name_${"x".repeat(5_000)}`]: 1 };
  let largest = 0;
  for (let n = 0; n < 700; n++) {
    file.append({ atMs: n + 1, sessions: 1, counts });
    // Time passes.
    for (const path of filesOf(dir)) if (path.includes("-")) age(path, 1);
    largest = Math.max(
      largest,
      filesOf(dir).reduce((sum, path) => sum + statSync(path).size, 0),
    );
  }
  expect(filesOf(dir).length).toBeGreaterThan(2);
  expect(largest).toBeLessThan(2.1 * 2 ** 20);
  expect(file.read()).toMatchObject({ atMs: 1, sessions: 700, counts: { get: 700 } });
});

test("jobs of last week are removed when a new one begins", () => {
  using dir = tempDir("job-file");
  const old = new JobFile(dir.path, { ...JOB, run: "1-1" });
  old.append({ atMs: 1, sessions: 1, counts: {} });
  for (const path of filesOf(dir)) age(path, 8);
  new JobFile(dir.path, JOB).append({ atMs: 2, sessions: 1, counts: {} });
  expect([old.read(), filesOf(dir).length]).toEqual([undefined, 1]);
});
