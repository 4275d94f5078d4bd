import { expect, test } from "bun:test";
import { parseDatabases } from "../../../src/gomod/sumdb/databases.ts";
import { openTreeHead, parseVerifier } from "../../../src/gomod/sumdb/note.ts";
import { TestSumdb } from "../../support/modules/test-sumdb.ts";

const sumdb = new TestSumdb();
const verifier = parseVerifier(sumdb.key);

test("opens a head that the database has signed", () => {
  expect(openTreeHead(sumdb.head(), verifier)).toMatchObject({ size: 0, note: sumdb.head() });
});

test("accepts one good signature among others", () => {
  const other = new TestSumdb("other.test");
  const both = sumdb.head() + other.head().split("\n\n")[1];
  expect(openTreeHead(both, verifier).size).toBe(0);
  expect(openTreeHead(both, parseVerifier(other.key)).size).toBe(0);
});

test("keeps the checked signature alone: go fails at one that it can't read, and at very many", () => {
  const signature = sumdb.head().split("\n\n")[1] ?? "";
  const odd = `${sumdb.head()}— nonsense\n${signature}${"— other.test AAAA\n".repeat(200)}`;
  expect(openTreeHead(odd, verifier).note).toBe(sumdb.head());
});

function isHead(note: string): boolean {
  try {
    openTreeHead(note, verifier);
    return true;
  } catch {
    return false;
  }
}

test("refuses a changed text, and one signed by another key of the same name", () => {
  const namesake = parseVerifier(new TestSumdb().key);
  expect(() => openTreeHead(sumdb.head(), namesake)).toThrow("without a valid signature");
  expect(() => openTreeHead(sumdb.head().replace("tree\n0", "tree\n1"), verifier)).toThrow(
    "without a valid signature",
  );
});

test("only the first of a key's signatures counts, so that many cost no more than one", () => {
  const text = `go.sum database tree\n0\n${"A".repeat(43)}=\n${"x".repeat(400_000)}\n`;
  const good = sumdb.signed(text).split("\n\n")[1] ?? "";
  const bad = `${good.slice(0, -9)}AAAAAAA=\n`;
  expect(isHead(`${text}\n${bad.repeat(4_000)}${good}`)).toBe(false);
});

test.each(["", "x", "go.sum database tree\n0\n", "a\n\n— b c\n"])("refuses the head %p", (note) => {
  expect(() => openTreeHead(note, undefined)).toThrow();
});

test("refuses a signed note that is no head", () => {
  expect(() => openTreeHead(sumdb.signed("go.sum database tree\n-1\nAAAA\n"), verifier)).toThrow("no head");
  expect(() => openTreeHead(sumdb.signed("something else\n1\nAAAA\n"), verifier)).toThrow("no head");
});

test.each(["sum.test", "sum.test+00000000+AAAA", "sum.test+0+x", ""])("refuses the key %p", (text) => {
  expect(() => parseVerifier(text)).toThrow("not a key");
});

test("Go's own databases have their key and their URLs", () => {
  const databases = parseDatabases([], "");
  expect([...databases.values()].map(({ name, url }) => [name, url])).toEqual([
    ["sum.golang.org", "https://sum.golang.org"],
    ["sum.golang.google.cn", "https://sum.golang.google.cn"],
  ]);
  expect([...databases.values()].every((database) => database.verifier?.name === "sum.golang.org")).toBe(
    true,
  );
});

test("a database's key comes from its entry or from GOSUMDB", () => {
  const [own] = parseDatabases([`${sumdb.key} http://localhost:1/x/`], "").values();
  expect([own?.name, own?.url, own?.verifier?.name]).toEqual([
    "sumdb.test",
    "http://localhost:1/x",
    "sumdb.test",
  ]);
  const [told] = parseDatabases(["sumdb.test"], `${sumdb.key} https://elsewhere`).values();
  expect([told?.url, told?.verifier?.name]).toEqual(["https://sumdb.test", "sumdb.test"]);
  expect(parseDatabases(["plain.test"], "off").get("plain.test")?.verifier).toBeUndefined();
});

test.each(["a b c", "a/b", "a ftp://x", "sum.test+00000000+AAAA"])("refuses the database %p", (entry) => {
  expect(() => parseDatabases([entry], "")).toThrow();
});
