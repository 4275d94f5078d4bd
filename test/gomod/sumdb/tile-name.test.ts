import { expect, test } from "bun:test";
import { formatTileName, parseTileName } from "../../../src/gomod/sumdb/tile-name.ts";

test.each([
  ["tile/8/0/000", { level: 0, number: 0, width: 256 }],
  ["tile/8/0/x001/234", { level: 0, number: 1234, width: 256 }],
  ["tile/8/2/x123/x456/789.p/255", { level: 2, number: 123456789, width: 255 }],
  ["tile/8/data/017.p/1", { level: "data", number: 17, width: 1 }],
] as const)("%s", (name, tile) => {
  expect(parseTileName(name)).toEqual(tile);
  expect(formatTileName(tile)).toBe(name);
});

test.each([
  "tile/8/0/0",
  "tile/8/0/x000/001",
  "tile/8/0/1234",
  "tile/8/00/000",
  "tile/8/0/000.p/0",
  "tile/8/0/000.p/256",
  "tile/8/0/000.p/01",
  "tile/10/0/000",
  "tile/8/-1/000",
  "tile/8/0/../000",
  "tile/8/0/000/",
])("%s is no tile's name", (name) => {
  expect(parseTileName(name)).toBeUndefined();
});
