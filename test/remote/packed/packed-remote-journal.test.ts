/** Helpers that die, live on, or abort lose no put. */
import { describe, expect, test } from "bun:test";
import { untilAborted } from "../../store/tampered-store.ts";
import { madeProgram } from "../../support/made-program.ts";
import { hangGets, hangLists } from "./failing-store.ts";
import { filled, journals, leftByDead, userLines } from "./filled-bucket.ts";
import { end } from "./packed-fixture.ts";
import { entryOf } from "./stocked-bucket.ts";

const HELLO = entryOf("hello").actionId;
const WORLD = entryOf("world").actionId;

describe("a helper that", () => {
  test("was killed loses nothing: the next one on its machine uploads", async () => {
    using team = await filled();
    team.store.onPut = (_, __, signal) => untilAborted(signal);
    const killed = team.two.session();
    killed.put(team.two.entry("world"));
    leftByDead(team.two);
    team.store.onPut = (_, put) => put();
    await end(team.two.session());
    expect(await team.three.get([WORLD])).toEqual(["world"]);
    killed.abort();
  });

  test("was killed loses no name of a program, and those that fetch it run it under that", async () => {
    using team = await filled();
    team.store.onPut = (_, __, signal) => untilAborted(signal);
    const killed = team.two.session();
    const entry = team.two.entry(madeProgram(HELLO), "link");
    const program = team.two.local.createOutput(entry.outputId, "greet");
    program.write(madeProgram(HELLO));
    program.commit();
    killed.put({ ...entry, executable: "greet" });
    leftByDead(team.two);
    team.store.onPut = (_, put) => put();
    await end(team.two.session());
    expect(await team.three.get([entry.actionId])).toEqual([madeProgram(HELLO).toString()]);
    expect(team.three.local.get(entry.actionId)).toMatchObject({
      executable: "greet",
      path: expect.stringMatching(/\/greet$/),
    });
    killed.abort();
  });

  test("is alive keeps its journal, and others don't adopt it", async () => {
    using team = await filled();
    const living = team.two.session();
    living.put(team.two.entry("world"));
    const other = team.two.session();
    await end(other);
    expect(journals(team.two)).toHaveLength(1);
    await end(living);
    expect(await team.three.get([WORLD])).toEqual(["world"]);
  });

  test("is aborted leaves its journal and ends its uploads", async () => {
    using team = await filled();
    hangLists(team.store);
    hangGets(team.store, "");
    team.store.onPut = (_, __, signal) => untilAborted(signal);
    const session = team.two.session();
    const got = session.get(HELLO);
    session.put(team.two.entry("world"));
    session.abort();
    expect(await got).toBeUndefined();
    await end(session);
    expect([journals(team.two).length, userLines(team.two)]).toEqual([1, []]);
  });
});
