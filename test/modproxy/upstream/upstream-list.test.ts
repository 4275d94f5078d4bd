import { expect, test } from "bun:test";
import { parseUpstreams } from "../../../src/modproxy/upstream/upstream-list.ts";

test("reads a list as go reads GOPROXY", () => {
  expect(
    parseUpstreams("https://a.test/, http://b.test/x/|https://me:s%3Acret@c.test,direct,https://d.test"),
  ).toEqual([
    { url: "https://a.test", authorization: undefined, fallsThrough: false },
    { url: "http://b.test/x", authorization: undefined, fallsThrough: true },
    { url: "https://c.test", authorization: `Basic ${btoa("me:s:cret")}`, fallsThrough: false },
  ]);
});

test.each(["off", "direct", "", ",|"])("%p has no upstream", (text) => {
  expect(parseUpstreams(text)).toEqual([]);
});

test("the refusal of a URL doesn't show its password", () => {
  expect(() => parseUpstreams("https://me:secret@[bad")).toThrow(/^(?!.*secret)/);
  expect(() => parseUpstreams("file:///x")).toThrow("upstream 1 of the list is not an http or https URL");
});
