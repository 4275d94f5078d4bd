/** Helpers that die, live on, or give up: what they had put is not lost. */
import { describe, expect, test } from "bun:test";
import { untilAborted } from "../../store/tampered-store.ts";
import { hangGets, hangLists } from "./failing-store.ts";
import { filled, journals, leftByDead, told } from "./filled-bucket.ts";
import { end } from "./packed-fixture.ts";
import { entryOf } from "./stocked-bucket.ts";

const HELLO = entryOf("hello").actionId;
const WORLD = entryOf("world").actionId;

describe("a helper that", () => {
  test("was killed loses nothing: the next on its machine brings it", async () => {
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

  test("lives keeps its journal from others", async () => {
    using team = await filled();
    const living = team.two.session();
    living.put(team.two.entry("world"));
    const other = team.two.session();
    await end(other);
    expect(journals(team.two)).toHaveLength(1);
    await end(living);
    expect(await team.three.get([WORLD])).toEqual(["world"]);
  });

  test("is told to give up leaves its journal, and ends what is under way", async () => {
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
    expect([journals(team.two).length, told(team.two)]).toEqual([1, []]);
  });
});
