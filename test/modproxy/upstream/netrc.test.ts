import { expect, test } from "bun:test";
import { parseNetrc } from "../../../src/modproxy/upstream/netrc.ts";

const basic = (text: string) => `Basic ${btoa(text)}`;

test("reads an entry on one line or on several", () => {
  const text = "machine a.test login me password one\nmachine b.test\n  login you\n  password two\n";
  expect([...parseNetrc(text)]).toEqual([
    ["a.test", basic("me:one")],
    ["b.test", basic("you:two")],
  ]);
});

test("the first of two entries for a host counts, and entries after default don't", () => {
  const text =
    "machine a.test login me password one\nmachine a.test login me password two\ndefault login x password y\nmachine b.test login x password y\n";
  expect([...parseNetrc(text)]).toEqual([["a.test", basic("me:one")]]);
});

test("skips macros", () => {
  expect([
    ...parseNetrc("macdef init\nmachine x login y password z\n\nmachine a.test login me password one\n"),
  ]).toEqual([["a.test", basic("me:one")]]);
});

test("ignores an entry without a password", () => {
  expect([...parseNetrc("machine a.test login me\nmachine b.test login me password one\n")]).toEqual([
    ["b.test", basic("me:one")],
  ]);
});
