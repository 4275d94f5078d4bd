import { expect, test } from "bun:test";
import { parseLegacyObject } from "../../../src/revproxy/storage/legacy-object.ts";

const parse = (text: string) => parseLegacyObject(Buffer.from(text, "latin1"));

test("malformed objects, and ones that can't be confirmed or have other fields, are ignored", () => {
  const bad = [
    "",
    "body only",
    "Content-Type: a/b\n\nbody",
    'Etag: "x"\nSet-Cookie: a=b\n\nbody',
    'Etag: "x"\nCache-Control: public\n\nbody',
    'Etag "x"\n\nbody',
    'Etag: "x\u0001"\n\nbody',
    `Etag: "x"\n${"Date: d\n".repeat(1000)}\nbody`,
    'Content-Type: text/html\nEtag: "x"\n\n\u001f\u008bzip',
    'Content-Type: application/json\nEtag: "x"\n\n\u0028\u00b5\u002f\u00fdzstd',
  ];
  expect(bad.filter((text) => parse(text) !== undefined)).toEqual([]);
});

test("the header fields and the body's offset are found", () => {
  expect(parse('Content-Type: text/plain\nDate: d\nEtag: "x"\n\nbody\n\nmore')).toEqual({
    headers: [
      ["Content-Type", "text/plain"],
      ["Date", "d"],
      ["Etag", '"x"'],
    ],
    bodyOffset: 44,
  });
  expect(parse('Content-Type: application/gzip\nEtag: "x"\n\n\u001f\u008bzip')).toBeDefined();
});
