/** What a session saves: hits of what is older than the job, once a job, at the time that compiling it took. */
import { expect, test } from "bun:test";
import { CompileTimesFile } from "../../../src/app/summary/compile-times-file.ts";
import { SessionNote } from "../../../src/app/summary/session-note.ts";
import { LookupLog } from "../../../src/buildcache/lookup-log.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { sha256Hex as idOf } from "../../support/ids.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const LONG_AGO = 1_000;
const JOB_START = 1_000_000;
const [A, B] = [idOf("a"), idOf("b")];

/** A session of one job on a machine that knows that A takes 300 ms, and B 500. */
function openSession(dir: TempDir, { startedMs = JOB_START, run = "1" } = {}) {
  const counters = new Counters();
  const lookups = new LookupLog(counters);
  const compileTimes = new CompileTimesFile(dir.path);
  compileTimes.learn([
    [A, 300],
    [B, 500],
  ]);
  const env = { CI: "true", GITHUB_ACTIONS: "true", GITHUB_JOB: "test", GITHUB_RUN_ID: run };
  const note = new SessionNote({
    root: dir.path,
    env,
    project: "example.com/app",
    job: undefined,
    startedMs,
    counters,
    lookups,
    compileTimes,
    hasRemote: true,
    isServed: false,
  });
  const hit = (actionId: string, putTimeMs = LONG_AGO) => {
    counters.add("get");
    lookups.hit(actionId, putTimeMs);
  };
  const end = () => {
    note.goAnswered();
    return counters.get("compile_saved_ms");
  };
  return { note, hit, end };
}

test("what was put before the job saves the time that compiling it took", () => {
  using dir = tempDir("session-note");
  const session = openSession(dir);
  session.hit(A);
  session.hit(B);
  session.hit(idOf("nobody has timed it"));
  expect(session.end()).toBe(800);
});

test("an action that was looked up twice saves its time once", () => {
  using dir = tempDir("session-note");
  const session = openSession(dir);
  session.hit(A);
  session.hit(A);
  expect(session.end()).toBe(300);
});

test("a further command of the job saves only what none before it has used", () => {
  using dir = tempDir("session-note");
  const saved = [[A], [A, B], [A, B]].map((actions) => {
    const session = openSession(dir);
    for (const action of actions) session.hit(action);
    return session.end();
  });
  expect(saved).toEqual([300, 500, 0]);
  const next = openSession(dir, { run: "2" });
  next.hit(A);
  expect(next.end()).toBe(300);
});

test("what an earlier command of the job has put saves nothing", () => {
  using dir = tempDir("session-note");
  const first = openSession(dir);
  first.hit(B);
  first.end();
  const second = openSession(dir, { startedMs: JOB_START + 9 });
  second.hit(A, JOB_START + 5);
  expect(second.end()).toBe(0);
});

test("nor does what a command that still runs has put", () => {
  using dir = tempDir("session-note");
  openSession(dir).note.firstPut();
  const second = openSession(dir, { startedMs: JOB_START + 9 });
  second.hit(A, JOB_START + 5);
  expect(second.end()).toBe(0);
});
