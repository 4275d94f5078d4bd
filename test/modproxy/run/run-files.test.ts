import { expect, test } from "bun:test";
import { compressFrameAside } from "../../../src/lib/bytes/zstd.ts";
import { formatRunFiles, parseRunFiles } from "../../../src/modproxy/run/run-files.ts";

const sha256 = "a".repeat(64);

test("a record survives a round trip, with its small files", async () => {
  const files = [
    { name: "example.com/a/@v/v1.0.0.zip", sizeBytes: 100_000, sha256, bytes: undefined },
    { name: "example.com/a/@v/v1.0.0.mod", sizeBytes: 3, sha256, bytes: Buffer.from("mod") },
    { name: "sumdb/x/tile/8/0/000", sizeBytes: 2, sha256, bytes: Buffer.from([0xff, 0xfe]) },
    { name: "odd", sizeBytes: 8, sha256, bytes: Buffer.from("base64:x") },
  ];
  expect(parseRunFiles(await formatRunFiles({ run: "1" }, files))).toEqual(files);
});

test.each([
  '{"version":2,"kind":"modules","about":{},"files":[]}',
  '{"version":1,"kind":"run","about":{},"files":[]}',
  '{"version":1,"kind":"modules","about":{},"files":[["x",1,"short"]]}',
  `{"version":1,"kind":"modules","about":{},"files":[["x",1.5,"${"a".repeat(64)}"]]}`,
  "null",
  "nonsense",
])("refuses %s", async (json) => {
  const bytes = await compressFrameAside(new TextEncoder().encode(json));
  expect(() => parseRunFiles(bytes)).toThrow();
});
