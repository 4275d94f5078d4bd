import { expect, test } from "bun:test";
import { CacheControl } from "../../../src/revproxy/semantics/cache-control.ts";

const of = (text: string) => CacheControl.of([["Cache-Control", text]]);

test("the least of several values counts, and an invalid one counts as 0", () => {
  const control = of('public, max-age=60, MAX-AGE="30", s-maxage=x');
  expect([control.has("public"), control.seconds("max-age"), control.seconds("s-maxage")]).toEqual([
    true,
    30,
    0,
  ]);
});

test("a directive that is repeated very often is parsed quickly", () => {
  const control = of(`${"a=1, max-age=7, ".repeat(200_000)}max-age=5`);
  expect([control.has("a"), control.seconds("max-age")]).toEqual([true, 5]);
});
