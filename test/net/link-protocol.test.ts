import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  formatGreeting,
  formatMessage,
  formatOpening,
  parseClientMessage,
  parseGreeting,
  parseOpening,
  parseServerMessage,
} from "../../src/net/link-protocol.ts";

const A = "0a".repeat(32);
const O = "0b".repeat(32);

describe("the greeting", () => {
  test("is go's hello with a key more", () => {
    const info = { link: 1, pid: 7, cacheDir: "/cache", journalDir: join("/cache", "journal") };
    const line = formatGreeting(info);
    expect(JSON.parse(line)).toMatchObject({ ID: 0, KnownCommands: ["get", "put", "close"] });
    expect(parseGreeting(line)).toEqual(info);
    expect(parseGreeting(formatGreeting({ ...info, journalDir: undefined }))).toEqual({
      link: 1,
      pid: 7,
      cacheDir: "/cache",
    });
  });

  test.each([
    '{"ID":0,"KnownCommands":["get"]}',
    "220 ready",
    "[]",
    "null",
    '{"Server":{"link":1}}',
    '{"Server":7}',
    '{"Server":{"link":1.5,"pid":7,"cacheDir":"/cache"}}',
    '{"Server":{"link":1,"pid":7,"cacheDir":"cache"}}',
    '{"Server":{"link":1,"pid":7,"cacheDir":"/cache","journalDir":"/etc/cron.d"}}',
    '{"Server":{"link":1,"pid":7,"cacheDir":"/cache","journalDir":"/cache/../etc"}}',
    '{"Server":{"link":1,"pid":7,"cacheDir":"/cache","journalDir":7}}',
  ])("of another program is none of ours: %s", (line) => {
    expect(parseGreeting(line)).toBeUndefined();
  });
});

test("the opening line carries a scope, and is of this version", () => {
  const line = formatOpening({ platform: "p" });
  expect(line).toStartWith("link {");
  expect(parseOpening(line)).toEqual({ platform: "p" });
  expect(() => parseOpening('link {"version":1,"scope":{}}')).toThrow("not a message of the link");
  expect(() => parseOpening("link ")).toThrow("not a message of the link");
});

test("messages are read as they are written", () => {
  const line = (...message: unknown[]) => formatMessage(...message).trim();
  expect(parseClientMessage(line("get", 1, A))).toEqual({ kind: "get", n: 1, actionId: A });
  expect(parseClientMessage(line("put", 2, A, O, 3, 4))).toEqual({ kind: "put", n: 2, entry: [A, O, 3, 4] });
  expect(parseClientMessage(line("used", 5, [A, O]))).toEqual({
    kind: "used",
    n: 5,
    actionIds: [A, O],
  });
  expect(parseClientMessage(line("counts", { get: 3 }))).toEqual({ kind: "counts", counts: { get: 3 } });
  expect(parseServerMessage(line("got", 1, "slow"))).toEqual({ kind: "missed", n: 1, reason: "slow" });
  expect(parseServerMessage(line("got", 1, O, 3, 4))).toEqual({ kind: "got", n: 1, found: [O, 3, 4] });
  expect(parseServerMessage(line("noted", 2))).toEqual({ kind: "noted", n: 2 });
  expect(parseServerMessage(line("alone", "slow", "why"))).toEqual({
    kind: "alone",
    why: "slow",
    text: "why",
  });
  expect(parseServerMessage(line())).toEqual({ kind: "alive" });
});

test.each([
  "",
  "{}",
  "null",
  "[",
  '["frob",1]',
  '["get",1]',
  '["get","1","x"]',
  `["get",-1,"${A}"]`,
  `["get",1,"${A.toUpperCase()}"]`,
  `["get",1,"../${A.slice(3)}"]`,
  `["put",1,"${A}","${O}",1]`,
  `["put",1,"${A}","${O}",1.5,1]`,
  `["put",1,"${A}","${O}",1,1,1]`,
  `["used",1,["${A}",1]]`,
  `["used",1,[["${A}","${O}",3,4]]]`,
  '["counts",{"get":-1}]',
])("the server refuses %s", (line) => {
  expect(() => parseClientMessage(line)).toThrow("not a message of the link");
});

test.each([
  "{}",
  '["got"]',
  '["got",1]',
  '["got",1,"why not"]',
  '["got",1,"x",1,1]',
  `["got",1,"${O}",-1,1]`,
  '["alone","a b",""]',
  '["noted"]',
])("the client refuses %s", (line) => {
  expect(() => parseServerMessage(line)).toThrow("not a message of the link");
});
