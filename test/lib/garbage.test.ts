import { expect, spyOn, test } from "bun:test";
import { Garbage } from "../../src/lib/garbage.ts";

test("collects each time that buffers of the limit have been let go of", () => {
  using collect = spyOn(Bun, "gc").mockImplementation(() => {});
  using _memory = spyOn(process.memoryUsage, "rss").mockReturnValue(100 << 20);
  const garbage = new Garbage(10);
  const collections = [4, 5, 1, 9, 25, 9].map((bytes) => {
    garbage.release(bytes);
    return collect.mock.calls.length;
  });
  expect(collections).toEqual([0, 0, 1, 1, 2, 2]);
});

test("a large process gives back what is free", () => {
  using shrink = spyOn(Bun, "shrink").mockImplementation(() => {});
  using _memory = spyOn(process.memoryUsage, "rss").mockReturnValue(300 << 20);
  new Garbage(10).release(10);
  expect(shrink).toHaveBeenCalledTimes(1);
});
